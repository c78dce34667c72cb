using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.ServiceDefaults.Data;

/// <summary>Parameters that many queries share, so that none forgets one.</summary>
public static class SqlParameters
{
    /// <summary>Merchant, then environment: every query of a merchant's rows is conditioned on both.</summary>
    public static void AddOwner(this NpgsqlParameterCollection parameters, MerchantIdentity merchant) =>
        parameters.AddOwner(merchant.MerchantId, merchant.Environment);

    public static void AddOwner(this NpgsqlParameterCollection parameters, Guid merchantId, string environment)
    {
        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchantId });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = environment });
    }

    /// <summary>$1 and $2 of <see cref="PageRange.Where"/>.</summary>
    public static void AddPage(this NpgsqlParameterCollection parameters, PageRange range)
    {
        parameters.Add(new NpgsqlParameter<int> { TypedValue = range.Fetch });
        parameters.AddNullable(range.Cursor, NpgsqlDbType.Uuid);
    }

    public static void AddNullable(this NpgsqlParameterCollection parameters, object? value, NpgsqlDbType type) =>
        parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
}
