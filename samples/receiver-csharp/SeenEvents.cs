namespace Kobbopay.Samples.Receiver;

/// <summary>The newest ids. In a real shop: a unique column, written in the transaction that does the work.</summary>
internal sealed class SeenEvents
{
    private const int Remembered = 10_000;
    private readonly Lock gate = new();
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    public bool Add(string id)
    {
        lock (gate)
        {
            if (!ids.Add(id))
                return false;
            order.Enqueue(id);
            if (order.Count > Remembered)
                ids.Remove(order.Dequeue());
            return true;
        }
    }
}
