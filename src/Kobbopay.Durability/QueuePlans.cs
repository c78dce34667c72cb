namespace Kobbopay.Durability;

/// <summary>How statements over queue tables are planned.</summary>
public static class QueuePlans
{
    /// <summary>
    /// Goes before a queue's claim, in its transaction. A queue is empty most of the time; a plan kept from then scans
    /// and sorts a whole backlog for every batch, until somebody analyzes the table.
    /// </summary>
    public const string Fresh = "set local plan_cache_mode = force_custom_plan";

    /// <summary>
    /// Goes behind the claim: the rest of the transaction looks rows up by key and may keep its plans.
    /// </summary>
    public const string Kept = "set local plan_cache_mode = auto";
}
