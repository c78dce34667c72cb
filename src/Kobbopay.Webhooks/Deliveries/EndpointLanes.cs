namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// The queues in memory, one for each endpoint, in front of the sockets: a lane takes only as many deliveries as its
/// endpoint gets through. Its window grows with each fast answer and halves when one is slow or missing, so a hanging
/// endpoint soon holds one connection, and a fast one fills whole claims. Lanes take turns, so a long queue never
/// delays another.
/// </summary>
public sealed class EndpointLanes
{
    /// <summary>Deliveries in one claim at most.</summary>
    private const int ClaimLimit = 256;

    /// <summary>Deliveries in memory at most, of all endpoints together.</summary>
    private const int TotalLimit = 2048;

    /// <summary>Attempts that run at the same time for one endpoint at most.</summary>
    private const int ConcurrencyLimit = 32;

    private const int FirstWindow = 4;
    private const int LargestWindow = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Lane> _lanes = [];
    private readonly Queue<Lane> _turns = new();
    private TaskCompletionSource? _idle;
    private int _outstanding;
    private int _running;
    private bool _closed;

    /// <summary>These endpoints have due deliveries.</summary>
    public void MarkDue(IEnumerable<Guid> endpoints)
    {
        lock (_gate)
        {
            foreach (var id in endpoints)
            {
                if (!_lanes.TryGetValue(id, out var lane))
                    _lanes.Add(id, lane = new Lane(id));
                lane.Due = true;
                TakeTurn(lane);
            }
        }
    }

    /// <summary>Which endpoints to claim for next, and how many; the room is taken until <see cref="Fill"/> or <see
    /// cref="Cancel"/>.</summary>
    public List<LaneRoom> Reserve()
    {
        var rooms = new List<LaneRoom>();
        lock (_gate)
        {
            var left = Math.Min(ClaimLimit, TotalLimit - _outstanding);
            while (left > 0 && _turns.TryDequeue(out var lane))
            {
                lane.InTurn = false;
                var room = Math.Min(lane.Window - lane.Outstanding, left);
                // Its window has shrunk since it asked; it asks again when it has drained.
                if (room <= 0)
                    continue;
                lane.Due = false;
                lane.Outstanding += room;
                _outstanding += room;
                left -= room;
                rooms.Add(new LaneRoom(lane.Id, room));
            }
        }

        return rooms;
    }

    /// <summary>Nothing was claimed for these rooms; their turn comes again.</summary>
    public void Cancel(IReadOnlyCollection<LaneRoom> rooms)
    {
        lock (_gate)
        {
            foreach (var (id, room) in rooms)
            {
                Release(_lanes[id], room);
                _lanes[id].Due = true;
                TakeTurn(_lanes[id]);
            }
        }
    }

    /// <summary>
    /// Puts what was claimed into its lanes and starts sending. <paramref name="deliver"/> never throws; false says
    /// that the endpoint is slow or does not answer.
    /// </summary>
    public void Fill(
        IReadOnlyCollection<LaneRoom> rooms,
        IEnumerable<ClaimedDelivery> claimed,
        Func<ClaimedDelivery, Task<bool>> deliver)
    {
        var byEndpoint = claimed.ToLookup(delivery => delivery.EndpointId);
        lock (_gate)
        {
            foreach (var (id, room) in rooms)
            {
                var lane = _lanes[id];
                foreach (var delivery in byEndpoint[id])
                    lane.Waiting.Enqueue(delivery);
                var got = byEndpoint[id].Count();
                // A full claim means that there may be more.
                lane.Due |= got == room;
                Release(lane, room - got);
                for (var more = Math.Min(lane.Waiting.Count, ConcurrencyOf(lane) - lane.Runners); more > 0; more--)
                {
                    lane.Runners++;
                    _running++;
                    _ = Task.Run(() => RunAsync(lane, deliver));
                }
            }
        }
    }

    /// <summary>Begins nothing new; yields what was claimed and not begun, and a task that ends with the last
    /// attempt.</summary>
    public (List<ClaimedDelivery> Unsent, Task Idle) Close()
    {
        lock (_gate)
        {
            _closed = true;
            _turns.Clear();
            var unsent = _lanes.Values.SelectMany(lane => lane.Waiting).ToList();
            foreach (var lane in _lanes.Values)
                lane.Waiting.Clear();
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_running == 0)
                _idle.SetResult();
            return (unsent, _idle.Task);
        }
    }

    /// <summary>Called whenever a lane that has more due gets room for it.</summary>
    public Action RoomMade { get; set; } = () => { };

    private async Task RunAsync(Lane lane, Func<ClaimedDelivery, Task<bool>> deliver)
    {
        while (Next(lane) is { } delivery)
        {
            var healthy = await deliver(delivery);
            lock (_gate)
            {
                lane.Window = healthy ? Math.Min(lane.Window + 1, LargestWindow) : Math.Max(lane.Window / 2, 1);
                // What waited for this one may go now.
                lane.Due |= delivery.Ordered;
                Release(lane, 1);
            }
        }
    }

    private ClaimedDelivery? Next(Lane lane)
    {
        lock (_gate)
        {
            if (lane.Runners <= ConcurrencyOf(lane) && lane.Waiting.TryDequeue(out var delivery))
                return delivery;
            lane.Runners--;
            if (--_running == 0)
                _idle?.TrySetResult();
            // What it has learned of an endpoint in trouble is kept; the rest is not worth its memory.
            if (lane is { Outstanding: 0, Due: false, InTurn: false, Window: >= FirstWindow })
                _lanes.Remove(lane.Id);
            return null;
        }
    }

    private void Release(Lane lane, int room)
    {
        lane.Outstanding -= room;
        _outstanding -= room;
        TakeTurn(lane);
    }

    /// <summary>A lane asks again when half of its window is free, so that claims come in batches, not one by
    /// one.</summary>
    private void TakeTurn(Lane lane)
    {
        if (!lane.Due || lane.InTurn || _closed || lane.Outstanding > lane.Window / 2)
            return;
        lane.InTurn = true;
        _turns.Enqueue(lane);
        RoomMade();
    }

    private static int ConcurrencyOf(Lane lane) => Math.Min(lane.Window, ConcurrencyLimit);

    private sealed class Lane(Guid id)
    {
        public Guid Id => id;

        public Queue<ClaimedDelivery> Waiting { get; } = new();

        public int Window { get; set; } = FirstWindow;

        /// <summary>Reserved, waiting or being sent.</summary>
        public int Outstanding { get; set; }

        public int Runners { get; set; }

        /// <summary>The database may have more.</summary>
        public bool Due { get; set; }

        public bool InTurn { get; set; }
    }
}
