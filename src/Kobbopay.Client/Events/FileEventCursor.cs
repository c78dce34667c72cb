using System.Globalization;
using System.Text;

namespace Kobbopay.Client;

/// <summary>
/// A cursor in a file that its owner alone may read. It is replaced as a whole: after a crash the file has the old
/// sequence or the new one, and never a half.
/// </summary>
public sealed class FileEventCursor : IEventCursor
{
    private readonly string _path;

    /// <summary>A cursor in this file, which may not be there yet; its folder is.</summary>
    /// <param name="path">The file; one for each consumer.</param>
    public FileEventCursor(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The file is not a cursor.</exception>
    public async ValueTask<long?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_path))
            return null;
        var text = await File.ReadAllTextAsync(_path, cancellationToken).ConfigureAwait(false);
        return long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? sequence
            : throw new InvalidDataException($"{_path} does not hold a sequence.");
    }

    /// <inheritdoc/>
    public async ValueTask SaveAsync(long sequence, CancellationToken cancellationToken)
    {
        var next = _path + ".next";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(next, options);
        await using (file.ConfigureAwait(false))
        {
            var text = sequence.ToString(CultureInfo.InvariantCulture);
            await file.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken).ConfigureAwait(false);
            // On the disk before it takes the old one's place.
            file.Flush(flushToDisk: true);
        }

        File.Move(next, _path, overwrite: true);
    }
}
