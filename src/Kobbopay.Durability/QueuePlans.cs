using Npgsql;

namespace Kobbopay.Durability;

/// <summary>
/// How statements over queue tables are planned: by their keys, once. A queue is empty one moment and long the next,
/// and its statistics are of either. A plan made for the empty one scans and sorts a whole backlog for every batch, or
/// looks for the batch anew for each row of it; one made for the long one reads all of it for the few that are due.
/// </summary>
public static class QueuePlans
{
    /// <summary>
    /// The batch's commands until <see cref="EndByKey"/> find rows through indexes, with plans that are kept. A failure
    /// takes the setting back: outside of a transaction a batch is one.
    /// </summary>
    public static void BeginByKey(this NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand("set plan_cache_mode = force_generic_plan"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("set enable_seqscan = off"));
    }

    public static void EndByKey(this NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand("reset plan_cache_mode"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("reset enable_seqscan"));
    }
}
