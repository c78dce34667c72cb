using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments;

/// <summary>Rules of texts that people write: printable, and no longer than a limit.</summary>
internal static class TextField
{
    private const string LineBreaks = "\n\r\t";

    /// <summary>What is wrong with a text, or null.</summary>
    /// <param name="pointer">Where it stands in the body.</param>
    /// <param name="least">Characters at least, white space around it not counted; 0 for a field that may be
    /// absent.</param>
    /// <param name="lines">It may have several lines.</param>
    public static InvalidField? Check(string pointer, string? text, int limit, int least = 0, bool lines = false)
    {
        if (string.IsNullOrWhiteSpace(text))
            return least > 0 ? new InvalidField(pointer, "required", "This field is required.") : null;
        if (text.Trim().Length < least)
            return new InvalidField(pointer, "too_short", $"Must have {least} characters at least.");
        if (text.Length > limit)
            return new InvalidField(pointer, "too_long", $"Must have {limit} characters at most.");
        return HasControls(text, lines) || !IsWhole(text)
            ? new InvalidField(pointer, "invalid_format", "Must not contain control characters.")
            : null;
    }

    /// <param name="lines">Those that make lines are none.</param>
    public static bool HasControls(string text, bool lines = false) =>
        text.Any(c => char.IsControl(c) && !(lines && LineBreaks.Contains(c, StringComparison.Ordinal)));

    /// <summary>No half of a surrogate pair, which forms can carry and PostgreSQL refuses.</summary>
    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }
}

/// <summary>Why a person decided something: it is kept with the decision.</summary>
internal static class ReasonText
{
    private const int Limit = 500;

    public static InvalidField? ErrorOf(string? reason)
    {
        if (string.IsNullOrWhiteSpace(reason))
            return new InvalidField("/reason", "required", "This field is required.");
        return reason.Length > Limit || TextField.HasControls(reason)
            ? new InvalidField("/reason", "invalid_format", $"Must be 1 to {Limit} printable characters.")
            : null;
    }
}
