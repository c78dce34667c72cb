using System.Text;
using Kobbopay.ServiceDefaults.Web;
using QRCoder;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// A QR code as inline SVG: one path of horizontal runs, black on white in every colour scheme, as scanners want it.
/// </summary>
public static class QrCode
{
    /// <summary>Light modules around the code (ISO/IEC 18004 asks for four); QRCoder's matrix brings them.</summary>
    public static Html Of(string content, string label)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(content, QRCodeGenerator.ECCLevel.M);
        var rows = code.ModuleMatrix;
        var path = new StringBuilder();
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows[y].Count; x++)
            {
                var start = x;
                while (x < rows[y].Count && rows[y][x])
                    x++;
                if (x > start)
                    path.Append('M').Append(start).Append(' ').Append(y).Append('h').Append(x - start).Append("v1h-")
                        .Append(x - start).Append('z');
            }
        }

        var size = rows.Count;
        return Html.Of($"""
            <svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">
            <rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path.ToString()}"/></svg>
            """);
    }
}
