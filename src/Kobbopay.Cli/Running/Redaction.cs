using System.Text.RegularExpressions;

namespace Kobbopay.Cli.Running;

/// <summary>What is secret never reaches a screen by way of an error, whoever wrote it there.</summary>
internal static partial class Redaction
{
    public static string Of(string text) => Secret().Replace(text, match => match.Groups["kind"].Value + "...");

    public static bool IsSecret(string text) => Secret().IsMatch(text);

    /// <summary>One line of what others wrote, without what a terminal would obey.</summary>
    public static string Printable(string? text) =>
        string.Concat((text ?? string.Empty).Select(one => char.IsControl(one) ? ' ' : one));

    [GeneratedRegex(@"(?<kind>kp_(test|live)_|whsec_|op_)[A-Za-z0-9+/=_-]{8,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Secret();
}
