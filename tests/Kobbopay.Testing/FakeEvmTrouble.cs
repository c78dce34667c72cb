namespace Kobbopay.Testing;

/// <summary>How a <see cref="FakeEvmNode"/> misbehaves; all of it can be changed at any time.</summary>
public sealed class FakeEvmTrouble
{
    /// <summary>What becomes of the answers as such.</summary>
    public FakeEvmFault Fault { get; set; }

    /// <summary>The only method whose requests have the <see cref="Fault"/>; any where none is given.</summary>
    public string? FaultMethod { get; set; }

    /// <summary>Requests that are answered before the <see cref="Fault"/> begins.</summary>
    public int FaultAfter { get; set; }

    /// <summary>The <c>Retry-After</c> of 429 and 503, in seconds or as a date.</summary>
    public string? RetryAfter { get; set; }

    /// <summary>Answers wait for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>JSON-RPC errors by method.</summary>
    public Dictionary<string, (int Code, string Message)> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Newest blocks that it does not have yet.</summary>
    public int Lag { get; set; }

    /// <summary>Blocks above the head that it claims, without having them.</summary>
    public long Boast { get; set; }

    /// <summary>
    /// Newest blocks that it shows and has no logs of: a range over them holds none, without an error, as where calls
    /// go to several servers of which some are behind. By its hash, such a block is unknown.
    /// </summary>
    public int LogLag { get; set; }

    /// <summary>
    /// The height from which its blocks have other hashes than the chain's; the same for the same height.
    /// </summary>
    public long? DisagreesFrom { get; set; }

    public long? ChainId { get; set; }

    public bool KnowsFinalized { get; set; } = true;

    /// <summary>Blocks, or logs, that one <c>eth_getLogs</c> is refused for having more of.</summary>
    public int? RangeLimit { get; set; }
    public int? LogLimit { get; set; }

    /// <summary>Calls in a request that is refused as a whole for having more.</summary>
    public int? BatchLimit { get; set; }

    /// <summary>Logs that a reorganisation took back.</summary>
    public bool RemovedLogs { get; set; }

    /// <summary>Logs of another block than was asked for.</summary>
    public bool OtherBlocksLogs { get; set; }

    /// <summary>Logs from the last to the first, or each of them twice.</summary>
    public bool ReversedLogs { get; set; }
    public bool RepeatedLogs { get; set; }

    /// <summary>Each transaction's logs are counted from 0, as some networks do.</summary>
    public bool LogIndexByTransaction { get; set; }

    /// <summary>No receipts, though the transactions are in blocks.</summary>
    public bool NoReceipts { get; set; }
}

/// <summary>What becomes of an answer.</summary>
public enum FakeEvmFault
{
    None,

    /// <summary>HTTP 429.</summary>
    TooManyRequests,

    /// <summary>HTTP 503 with a page for people.</summary>
    Unavailable,

    /// <summary>The right answer, whose JSON is broken in the middle.</summary>
    Malformed,

    /// <summary>Half of the answer, as a whole one.</summary>
    Half,

    /// <summary>Half of the answer, then the end of the connection.</summary>
    Truncated,

    /// <summary>A byte now and then, without an end.</summary>
    Trickling,

    /// <summary>More and more, as fast as it is read.</summary>
    Endless,

    /// <summary>Endless as well, and small on the way: it is packed.</summary>
    EndlessPacked,

    /// <summary>Nothing ever.</summary>
    Hanging,

    /// <summary>The connection ends without an answer.</summary>
    Closed,

    /// <summary>Answers to calls that nobody has made.</summary>
    OtherIds,

    /// <summary>A batch lacks its last answer.</summary>
    Incomplete,

    /// <summary>A batch's answers in the opposite order, which is allowed.</summary>
    Reversed,

    /// <summary>The answer is packed, which is allowed.</summary>
    Packed,
}
