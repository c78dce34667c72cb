using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Operators;

/// <summary>Forgets the idempotency keys of operators as those of merchants are forgotten.</summary>
internal sealed class PruneOperatorsAnswers(
    NpgsqlDataSource database, TimeProvider clock, ILogger<PruneOperatorsAnswers> logger)
    : PruneIdempotencyKeys(database, clock, logger)
{
    protected override string Table => "operator_idempotency_keys";
}
