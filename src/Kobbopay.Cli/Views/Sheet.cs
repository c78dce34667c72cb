using Kobbopay.Cli.Running;
using Spectre.Console;

namespace Kobbopay.Cli.Views;

/// <summary>Tables and fact sheets, plain enough for grep and cut.</summary>
internal static class Sheet
{
    /// <summary>In a narrow terminal, what identifies a row stays in one piece.</summary>
    private const int WholeColumns = 2;

    public static Table Of(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        for (var i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(new Text(columns[i], new Style(decoration: Decoration.Bold)));
            table.AddColumn(i < WholeColumns ? column.NoWrap() : column);
        }

        return table;
    }

    public static Table With(this Table table, params string?[] cells) =>
        table.AddRow(cells.Select(cell => new Text(Redaction.Printable(cell))));

    /// <summary>Names and values; what is null is left out.</summary>
    public static Grid Facts(params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                var label = new Text(name, new Style(decoration: Decoration.Dim));
                grid.AddRow(label, new Text(Redaction.Printable(value)));
            }
        }

        return grid;
    }

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public static string? Time(DateTimeOffset? time) => time is { } known ? Time(known) : null;
}
