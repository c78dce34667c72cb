using System.Numerics;
using System.Text.Json;
using Kobbopay.Payments.Domain;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments;

/// <summary>Rows of <c>payments</c> and <c>transfers</c> to and from <see cref="PaymentRecord"/>.</summary>
internal static class PaymentRows
{
    /// <summary>Alias <c>p</c>; the order is <see cref="Read"/>'s.</summary>
    public const string Columns = """
        p.id, p.merchant_id, p.environment, p.status, p.late, p.paid_from, p.version, p.progress, p.amount, p.tolerance,
        p.accepted_amount, p.required_confirmations, p.late_window, p.head, p.currency, p.network, p.chain, p.contract,
        p.decimals, p.order_id, p.description, p.metadata, p.return_url, p.webhook_url, p.deposit_address,
        p.address_path, p.xpub_fingerprint, p.payment_uri, p.public_token, p.resolution_action,
        p.resolution_actor, p.resolution_reason, p.delayed, p.created_at, p.expires_at, p.paid_at, p.confirmed_at,
        p.reverted_at, p.review, p.needs_finality
        """;

    /// <summary>
    /// A merchant's own payment: id, merchant, environment. It is looked up by the id alone; whose it is gets compared,
    /// by what no index can serve. While the table is small, all its indexes of a merchant that end in the id cost the
    /// planner the same, and a plan kept from then walks through all that the merchant has.
    /// </summary>
    public const string IsOwn =
        "p.id = $1 and p.merchant_id is not distinct from $2 and p.environment is not distinct from $3";

    public const string TransferColumns = """
        t.payment_id, t.id, t.tx_hash, t.amount, t.block_number, t.block_hash, t.first_block_time
        """;

    public static PaymentRecord Read(NpgsqlDataReader row)
    {
        var terms = new PaymentTerms
        {
            Amount = row.GetFieldValue<BigInteger>(8),
            Tolerance = row.GetFieldValue<BigInteger>(9),
            RequiredConfirmations = row.GetInt32(11),
            NeedsFinality = row.GetBoolean(39),
            LateWindow = row.GetTimeSpan(12),
            Review = ReviewOf(row.GetFieldValue<string[]>(38)),
            CreatedAt = Time(row, 33),
            ExpiresAt = Time(row, 34),
        };
        var state = new Payment
        {
            Terms = terms,
            Status = Enum.Parse<PaymentStatus>(row.GetString(3)),
            Late = row.GetBoolean(4),
            PaidFrom = Enum.Parse<PaymentStatus>(row.GetString(5)),
            Version = row.GetInt32(6),
            AcceptedAmount = row.IsDBNull(10) ? null : row.GetFieldValue<BigInteger>(10),
            Head = row.GetInt64(13),
            Resolution = row.IsDBNull(29)
                ? null
                : new Resolution(Enum.Parse<ResolutionAction>(row.GetString(29)), row.GetString(30), row.GetString(31)),
            PaidAt = TimeOrNull(row, 35),
            ConfirmedAt = TimeOrNull(row, 36),
            RevertedAt = TimeOrNull(row, 37),
        };
        return new PaymentRecord(ReadDetails(row), state, row.GetInt32(7), row.GetBoolean(32));
    }

    private static PaymentDetails ReadDetails(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        MerchantId = row.GetGuid(1),
        Environment = row.GetString(2),
        Currency = row.GetString(14),
        Network = row.GetString(15),
        Chain = row.GetString(16),
        Contract = TextOrNull(row, 17),
        Decimals = row.GetInt16(18),
        OrderId = row.GetString(19),
        Description = TextOrNull(row, 20),
        Metadata = JsonSerializer.Deserialize(row.GetString(21), PaymentsJson.Relaxed.DictionaryStringString)!,
        ReturnUrl = TextOrNull(row, 22),
        WebhookUrl = TextOrNull(row, 23),
        DepositAddress = row.GetString(24),
        AddressPath = row.GetString(25),
        XpubFingerprint = TextOrNull(row, 26),
        PaymentUri = row.GetString(27),
        PublicToken = row.GetString(28),
    };

    /// <summary>A transfer and the payment it belongs to.</summary>
    public static (Guid PaymentId, Transfer Transfer) ReadTransfer(NpgsqlDataReader row) =>
        (row.GetGuid(0), new Transfer(
            row.GetGuid(1), row.GetString(2), row.GetFieldValue<BigInteger>(3), row.GetInt64(4), row.GetString(5),
            Time(row, 6)));

    /// <summary>Review rules as the tables name them: <c>late</c>, <c>overpaid</c>, <c>underpaid</c>.</summary>
    public static ReviewRules ReviewOf(string[] names) =>
        names.Aggregate(ReviewRules.None, (rules, name) => rules | Enum.Parse<ReviewRules>(name, ignoreCase: true));

    public static string[] NamesOf(ReviewRules review) => review == ReviewRules.None
        ? []
        : review.ToString().ToLowerInvariant().Split(", ");

    public static void AddId(this NpgsqlParameterCollection parameters, Guid value) =>
        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = value });

    public static void AddText(this NpgsqlParameterCollection parameters, string? value) =>
        parameters.Add(
            new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });

    public static void AddInteger(this NpgsqlParameterCollection parameters, int value) =>
        parameters.Add(new NpgsqlParameter<int> { TypedValue = value });

    public static void AddLong(this NpgsqlParameterCollection parameters, long value) =>
        parameters.Add(new NpgsqlParameter<long> { TypedValue = value });

    public static void AddTexts(this NpgsqlParameterCollection parameters, string[]? values) =>
        parameters.Add(new NpgsqlParameter
        {
            Value = (object?)values ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        });

    public static void AddFlag(this NpgsqlParameterCollection parameters, bool value) =>
        parameters.Add(new NpgsqlParameter<bool> { TypedValue = value });

    public static void AddBytes(this NpgsqlParameterCollection parameters, byte[]? value) =>
        parameters.Add(
            new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea });

    public static void AddTime(this NpgsqlParameterCollection parameters, DateTimeOffset? value) =>
        parameters.Add(new NpgsqlParameter
        {
            Value = value is { } time ? time.UtcDateTime : DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.TimestampTz,
        });

    public static void AddInterval(this NpgsqlParameterCollection parameters, TimeSpan value) =>
        parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Interval });

    public static void AddUnits(this NpgsqlParameterCollection parameters, BigInteger? value) =>
        parameters.Add(new NpgsqlParameter
        {
            Value = value is { } units ? units : DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Numeric,
        });

    public static void AddJson(this NpgsqlParameterCollection parameters, byte[] value) =>
        parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Jsonb });

    /// <summary>One column of many rows, for <c>unnest</c>.</summary>
    public static void AddArray<TRow, TValue>(
        this NpgsqlParameterCollection parameters, List<TRow> rows, Func<TRow, TValue> column) =>
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = [.. rows.Select(column)] });

    public static DateTimeOffset Time(NpgsqlDataReader row, int ordinal) =>
        new(row.GetFieldValue<DateTime>(ordinal), TimeSpan.Zero);

    public static string? TextOrNull(NpgsqlDataReader row, int ordinal) =>
        row.IsDBNull(ordinal) ? null : row.GetString(ordinal);

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader row, int ordinal) =>
        row.IsDBNull(ordinal) ? null : Time(row, ordinal);
}
