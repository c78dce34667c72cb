using System.Runtime.CompilerServices;

namespace Kobbopay.Client.Http;

/// <summary>Walks a list from its newest entry to its oldest; a page is fetched when it is wanted.</summary>
internal static class Paging
{
    public static async IAsyncEnumerable<T> AllAsync<T>(
        Func<PageRequest, CancellationToken, Task<Page<T>>> read,
        int? pageSize,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (string? cursor = null; ;)
        {
            var asked = new PageRequest { Limit = pageSize, After = cursor };
            var page = await read(asked, cancellation).ConfigureAwait(false);
            foreach (var one in page.Data)
                yield return one;
            // The same cursor again would never end.
            if (!page.HasMore || page.NextCursor is null || page.NextCursor == cursor)
                yield break;
            cursor = page.NextCursor;
        }
    }
}
