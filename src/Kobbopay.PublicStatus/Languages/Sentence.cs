using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.PublicStatus.Languages;

/// <summary>
/// A text of a language file with its <c>{names}</c>, cut up once, so that filling it in is a concatenation.
/// </summary>
[JsonConverter(typeof(Reader))]
public sealed partial class Sentence(string text)
{
    // Text and name in turn: even places stand as they are.
    private readonly string[] _parts = Names().Split(text);

    public IEnumerable<string> Placeholders => _parts.Where((_, place) => place % 2 == 1);

    /// <param name="valueOf">The value of a name.</param>
    public string Fill(Func<string, string> valueOf) =>
        _parts.Length == 1
            ? _parts[0]
            : string.Concat(_parts.Select((part, place) => place % 2 == 0 ? part : valueOf(part)));

    /// <summary>The same as markup: the text is encoded, a value is markup already.</summary>
    public Html Fill(Func<string, Html> valueOf) => Html.Join(
        _parts.Select((part, place) => place % 2 == 0 ? Html.Of($"{part}") : valueOf(part)));

    public override string ToString() => text;

    [GeneratedRegex("\\{(?<name>[a-z]+)\\}", RegexOptions.None, 1000)]
    private static partial Regex Names();

    internal sealed class Reader : JsonConverter<Sentence>
    {
        public override Sentence Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(reader.GetString() ?? throw new JsonException("A text is missing."));

        public override void Write(Utf8JsonWriter writer, Sentence value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
