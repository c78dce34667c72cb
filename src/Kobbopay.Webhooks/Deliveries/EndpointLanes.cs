namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Lanes that take nothing but what they claim themselves.</summary>
public sealed record BusyLanes(bool All, Guid[] Endpoints);

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

    /// <summary>Deliveries in memory at most, of all endpoints together, until their results are recorded.</summary>
    private const int TotalLimit = 2048;

    /// <summary>Attempts that run at the same time for one endpoint at most.</summary>
    private const int ConcurrencyLimit = 32;

    private const int FirstWindow = 4;
    private const int LargestWindow = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Lane> _lanes = [];
    private readonly Queue<Lane> _turns = new();
    private TaskCompletionSource? _idle;
    private int _outstanding;
    private bool _closed;

    /// <summary>Called whenever a lane that has more due gets room for it.</summary>
    public Action RoomMade { get; set; } = () => { };

    /// <summary>Makes one attempt; never throws. False says that the endpoint is slow or does not answer.</summary>
    public Func<ClaimedDelivery, Task<bool>> Deliver { get; set; } = _ => Task.FromResult(true);

    /// <summary>Gives a claim back that can't be sent any more.</summary>
    public Action<ClaimedDelivery> GiveBack { get; set; } = _ => { };

    /// <summary>
    /// The lanes with a queue, and those of endpoints in trouble. What is claimed for another one goes out at once.
    /// </summary>
    public BusyLanes Busy()
    {
        lock (_gate)
        {
            if (_closed || _outstanding > TotalLimit / 2 || _lanes.Count > TotalLimit)
                return new BusyLanes(All: true, []);
            var busy = _lanes.Values.Where(lane =>
                lane.Due || lane.Window < FirstWindow || lane.Outstanding > lane.Window / 2);
            return new BusyLanes(All: false, [.. busy.Select(lane => lane.Id)]);
        }
    }

    /// <summary>Sends what was claimed elsewhere, for lanes that were not busy.</summary>
    public void Admit(IEnumerable<ClaimedDelivery> deliveries)
    {
        lock (_gate)
        {
            foreach (var delivery in deliveries)
            {
                var lane = LaneOf(delivery.Target.EndpointId);
                lane.Outstanding++;
                _outstanding++;
                if (_closed)
                {
                    GiveBack(delivery);
                    continue;
                }

                lane.Waiting.Enqueue(delivery);
                Run(lane);
            }
        }
    }

    /// <summary>These endpoints have due deliveries.</summary>
    public void MarkDue(IEnumerable<Guid> endpoints)
    {
        lock (_gate)
        {
            foreach (var id in endpoints)
            {
                var lane = LaneOf(id);
                lane.Due = true;
                TakeTurn(lane);
            }
        }
    }

    /// <summary>Has every lane begin its queue anew: for what came to stand before its place.</summary>
    public void Rewind()
    {
        lock (_gate)
        {
            foreach (var lane in _lanes.Values)
                lane.Place = QueuePlace.Start;
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
                rooms.Add(new LaneRoom(lane.Id, room, lane.Place));
            }
        }

        return rooms;
    }

    /// <summary>Nothing was claimed for these rooms; their turn comes again.</summary>
    public void Cancel(IReadOnlyCollection<LaneRoom> rooms)
    {
        lock (_gate)
        {
            foreach (var (id, room, _) in rooms)
            {
                _lanes[id].Due = true;
                Release(_lanes[id], room);
            }
        }
    }

    /// <summary>Puts what was claimed into its lanes and starts sending.</summary>
    public void Fill(IReadOnlyCollection<LaneRoom> rooms, IReadOnlyDictionary<Guid, ClaimedLane> claimed)
    {
        lock (_gate)
        {
            foreach (var (id, room, after) in rooms)
            {
                var lane = _lanes[id];
                var (deliveries, end) = claimed.GetValueOrDefault(id, ClaimedLane.Empty);
                foreach (var delivery in deliveries)
                    lane.Waiting.Enqueue(delivery);
                // A full claim means that there may be more. A claim from the middle that found less came to the end of
                // the queue, and begins again.
                var isFull = deliveries.Length == room;
                lane.Due |= isFull || after != QueuePlace.Start;
                lane.Place = isFull ? end : QueuePlace.Start;
                Release(lane, room - deliveries.Length);
                Run(lane);
                Forget(lane);
            }
        }
    }

    /// <summary>Begins nothing new; yields what was claimed and not begun, and a task that ends when all of it is
    /// done.</summary>
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
            if (_outstanding == 0)
                _idle.SetResult();
            return (unsent, _idle.Task);
        }
    }

    /// <summary>The deliveries' results are recorded, or never will be.</summary>
    public void Done(IEnumerable<ClaimedDelivery> deliveries)
    {
        lock (_gate)
        {
            foreach (var delivery in deliveries)
            {
                var lane = _lanes[delivery.Target.EndpointId];
                Release(lane, 1);
                Forget(lane);
            }

            if (_outstanding == 0)
                _idle?.TrySetResult();
        }
    }

    private async Task RunAsync(Lane lane, ClaimedDelivery first)
    {
        for (ClaimedDelivery? delivery = first; delivery is not null; delivery = Next(lane))
        {
            var healthy = await Deliver(delivery);
            lock (_gate)
                lane.Window = healthy ? Math.Min(lane.Window + 1, LargestWindow) : Math.Max(lane.Window / 2, 1);
        }
    }

    /// <summary>As many runners as the endpoint may have at a time, and has work for.</summary>
    private void Run(Lane lane)
    {
        while (lane.Runners < ConcurrencyOf(lane) && lane.Waiting.TryDequeue(out var first))
        {
            lane.Runners++;
            _ = Task.Run(() => RunAsync(lane, first));
        }
    }

    private ClaimedDelivery? Next(Lane lane)
    {
        lock (_gate)
        {
            if (lane.Runners <= ConcurrencyOf(lane) && lane.Waiting.TryDequeue(out var delivery))
            {
                // The window may have grown.
                Run(lane);
                return delivery;
            }

            lane.Runners--;
            Forget(lane);
            return null;
        }
    }

    /// <summary>What has been learned of an endpoint in trouble is kept; the rest is not worth its memory.</summary>
    private void Forget(Lane lane)
    {
        if (lane is { Outstanding: 0, Runners: 0, Due: false, InTurn: false, Window: >= FirstWindow })
            _lanes.Remove(lane.Id);
    }

    private Lane LaneOf(Guid id)
    {
        if (!_lanes.TryGetValue(id, out var lane))
            _lanes.Add(id, lane = new Lane(id));
        return lane;
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

        /// <summary>Where the next claim begins.</summary>
        public QueuePlace Place { get; set; } = QueuePlace.Start;

        public int Window { get; set; } = FirstWindow;

        /// <summary>Reserved, waiting, being sent, or not recorded yet.</summary>
        public int Outstanding { get; set; }

        public int Runners { get; set; }

        /// <summary>The database may have more.</summary>
        public bool Due { get; set; }

        public bool InTurn { get; set; }
    }
}
