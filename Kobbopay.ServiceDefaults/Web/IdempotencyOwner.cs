using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// Whose an idempotency key is: equal keys of two owners have nothing to do with each other. Merchants' and operators'
/// lie in tables of their own; the latter's only in a service that has routes for operators.
/// </summary>
public abstract record IdempotencyOwner
{
    /// <summary>Reads the answer; <c>$1</c> and <c>$2</c> are route and key, then <see cref="AddTo"/>'s.</summary>
    internal abstract string Select { get; }

    /// <summary>Stores the answer; <c>$1</c> to <c>$7</c> are its own, then <see cref="AddTo"/>'s.</summary>
    internal abstract string Insert { get; }

    public static implicit operator IdempotencyOwner(MerchantIdentity merchant) =>
        new Merchant(merchant.MerchantId, merchant.Environment);

    public static implicit operator IdempotencyOwner(OperatorIdentity who) => new Operator(who.Name);

    internal abstract void AddTo(NpgsqlParameterCollection parameters);

    public sealed record Merchant(Guid Id, string Environment) : IdempotencyOwner
    {
        internal override string Select => """
            select fingerprint, status, location, body from idempotency_keys
            where route = $1 and key = $2 and merchant_id = $3 and environment = $4
            """;

        internal override string Insert => """
            insert into idempotency_keys
              (route, key, fingerprint, status, location, body, created_at, merchant_id, environment)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """;

        internal override void AddTo(NpgsqlParameterCollection parameters) => parameters.AddOwner(Id, Environment);
    }

    public sealed record Operator(string Name) : IdempotencyOwner
    {
        internal override string Select => """
            select fingerprint, status, location, body from operator_idempotency_keys
            where route = $1 and key = $2 and operator = $3
            """;

        internal override string Insert => """
            insert into operator_idempotency_keys
              (route, key, fingerprint, status, location, body, created_at, operator)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """;

        internal override void AddTo(NpgsqlParameterCollection parameters) =>
            parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
    }
}
