using System.Text;

namespace Kobbopay.Payments.Reports;

/// <summary>Lines of RFC 4180 that are safe to open in a spreadsheet.</summary>
internal static class Csv
{
    /// <summary>
    /// What makes a spreadsheet take a cell for a formula, in the width of either script. A cell that begins so gets an
    /// apostrophe, which a spreadsheet hides.
    /// </summary>
    private const string FormulaStarts = "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20";

    private static readonly System.Buffers.SearchValues<char> Quoted = System.Buffers.SearchValues.Create(",\"\r\n");

    public static void AppendLine(StringBuilder csv, params ReadOnlySpan<string?> fields)
    {
        for (var i = 0; i < fields.Length; i++)
        {
            if (i > 0)
                csv.Append(',');
            AppendField(csv, fields[i] ?? string.Empty);
        }

        csv.Append("\r\n");
    }

    private static void AppendField(StringBuilder csv, string text)
    {
        var safe = text.Length > 0 && FormulaStarts.Contains(text[0], StringComparison.Ordinal) ? $"'{text}" : text;
        if (safe.AsSpan().IndexOfAny(Quoted) < 0)
            csv.Append(safe);
        else
            csv.Append('"').Append(safe.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }
}
