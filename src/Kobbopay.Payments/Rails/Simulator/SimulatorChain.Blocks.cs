using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>Adding blocks, whatever the operation.</summary>
public sealed partial class SimulatorChain
{
    /// <summary>How transactions that were mined before are put into other blocks.</summary>
    /// <param name="FirstLogIndex">Above all that they had, so that each gets another one.</param>
    private sealed record Remining(int FirstLogIndex);

    /// <summary>
    /// Chain, the transfers that wait, and head. New transfers all go into the first block, in the order they came;
    /// transactions that are mined again are dealt out to the blocks from the last one sent to the first.
    /// </summary>
    private SimulatorHead AddBlocks(
        NpgsqlBatch batch, HeldChain chain, SimulatorHead parent, int count, Remining? again = null)
    {
        var blocks = NewBlocks(parent, count, TimeAfter(parent, chain.Offset));
        var insert = batch.Add("""
            insert into simulator_blocks (chain, number, hash, parent_hash, time, traceparent)
            select $1, b.number, b.hash, b.parent, $5, $6
            from unnest($2::bigint[], $3::text[], $4::text[]) b (number, hash, parent)
            """);
        insert.AddText(chain.Name);
        insert.AddArray(blocks, block => block.Head.Number);
        insert.AddArray(blocks, block => block.Head.Hash);
        insert.AddArray(blocks, block => block.Parent);
        insert.AddTime(blocks[^1].Head.Time);
        insert.AddText(Activity.Current?.Id);

        // Transactions may change places, the transfers within one never do.
        var mined = batch.Add($"""
            update simulator_transfers t set block_number = n.block_number, log_index = n.log_index
            from (
              select id, block_number,
                $4 - 1 + row_number() over (partition by block_number order by place, id) as log_index
              from (
                select id, place, $2 + place % $3 as block_number
                from (
                  select id, dense_rank() over (order by first {(again is null ? "asc" : "desc")}) as place
                  from (select id, min(id) over (partition by tx_hash) as first
                        from simulator_transfers where chain = $1 and block_number is null) waiting) placed) dealt) n
            where t.id = n.id
            """);
        mined.AddText(chain.Name);
        mined.AddLong(parent.Number + 1);
        mined.AddInteger(again is null ? 1 : count);
        mined.AddInteger(again?.FirstLogIndex ?? 0);

        var head = blocks[^1].Head;
        var update = batch.Add(
            "update simulator_chains set head = $2, head_hash = $3, head_time = $4 where chain = $1");
        update.AddText(chain.Name);
        update.AddLong(head.Number);
        update.AddText(head.Hash);
        update.AddTime(head.Time);
        return head;
    }

    /// <summary>The merchant's sandbox time; a clock that goes back does not take a chain's time back.</summary>
    private DateTimeOffset TimeAfter(SimulatorHead parent, TimeSpan offset)
    {
        var time = clock.Now() + offset;
        return time > parent.Time ? time : parent.Time;
    }

    private static List<(SimulatorHead Head, string Parent)> NewBlocks(
        SimulatorHead parent, int count, DateTimeOffset time)
    {
        var blocks = new List<(SimulatorHead, string)>(count);
        for (var i = 0; i < count; i++)
        {
            var head = new SimulatorHead(parent.Number + 1, HashOf(parent.Hash, parent.Number + 1, time), time);
            blocks.Add((head, parent.Hash));
            parent = head;
        }

        return blocks;
    }

    /// <summary>Salted, so that a block mined in another's place is another block.</summary>
    private static string HashOf(string parent, long number, DateTimeOffset time)
    {
        var salt = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var content = Encoding.UTF8.GetBytes($"{parent}/{number}/{salt}/{time.ToUnixTimeMilliseconds()}");
        return $"0x{Convert.ToHexStringLower(SHA256.HashData(content))}";
    }
}
