using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

public sealed class EventFeedConsumerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kobbopay-cursor-").FullName;
    private readonly ScriptedKobbopay _server = new();

    private string CursorFile => Path.Combine(_folder, "cursor");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_cursor_is_saved_after_each_event_and_the_next_run_goes_on_there()
    {
        _server.Answers(200, Samples.Feed(4, true, 1, 2, 3)).Answers(200, Samples.Feed(5, false, 3, 4, 5));
        var seen = new List<(long? Sequence, string Cursor)>();
        var cursor = new FileEventCursor(CursorFile);
        var crashes = true;

        async Task HandleAsync(KobbopayEvent one, CancellationToken cancellation)
        {
            var stored = File.Exists(CursorFile) ? await File.ReadAllTextAsync(CursorFile, cancellation) : "none";
            seen.Add((one.Sequence, stored));
            if (one.Sequence == 3 && crashes)
                throw new InvalidOperationException("The database is away.");
            if (one.Sequence == 5)
                throw new EndOfStreamException();
        }

        Task RunAsync() =>
            new EventFeedConsumer(_server.Client, cursor, HandleAsync) { StartAfter = 0 }.RunAsync(Token);

        await FluentActions.Awaiting(RunAsync).Should().ThrowAsync<InvalidOperationException>();
        (await cursor.ReadAsync(Token)).Should().Be(2, "3 was not handled");
        crashes = false;
        await FluentActions.Awaiting(RunAsync).Should().ThrowAsync<EndOfStreamException>();

        seen.Should().Equal((1, "none"), (2, "1"), (3, "2"), (3, "2"), (4, "3"), (5, "4"));
        _server.Requests.Select(request => request.Query)
            .Should().Equal("?after=0&limit=100&wait=25", "?after=2&limit=100&wait=25");
    }

    [Fact]
    public async Task Events_that_are_known_already_are_not_handed_over_again()
    {
        _server.Answers(200, Samples.Feed(3, false, 1, 2, 3)).Answers(200, Samples.Feed(4, false, 2, 3, 4));
        await new FileEventCursor(CursorFile).SaveAsync(2, Token);
        var seen = new List<long?>();

        await RunUntilAsync(4, one => seen.Add(one.Sequence));

        seen.Should().Equal(3, 4);
    }

    [Fact]
    public async Task What_the_handler_does_not_want_passes_by_and_moves_the_cursor()
    {
        _server.Answers(200, $$"""
            {"data":[{{Samples.Event(1)}},{{Samples.Event(2, "api_key.misused")}},{{Samples.Event(3)}},
              {{Samples.Event(4, "webhook_endpoint.failing")}},{{Samples.Event(5, "a_new.type")}}],
             "hasMore":false,"latestSequence":5}
            """);
        var seen = new List<long?>();

        await RunUntilAsync(4, one => seen.Add(one.Sequence), "webhook_endpoint.*", "api_key.misused");

        seen.Should().Equal(2, 4);
        (await new FileEventCursor(CursorFile).ReadAsync(Token)).Should().Be(3);
    }

    [Fact]
    public async Task A_stop_while_an_event_is_handled_still_saves_that_it_was()
    {
        _server.Answers(200, Samples.Feed(9, true, 1, 2, 3));
        using var stop = new CancellationTokenSource();
        var cursor = new FileEventCursor(CursorFile);
        var consumer = new EventFeedConsumer(_server.Client, cursor, (_, _) => stop.CancelAsync());

        var run = () => consumer.RunAsync(stop.Token);

        await run.Should().ThrowAsync<OperationCanceledException>();
        (await cursor.ReadAsync(Token)).Should().Be(1);
    }

    [Fact]
    public async Task The_file_is_its_owners_alone_and_is_replaced_as_a_whole()
    {
        var cursor = new FileEventCursor(CursorFile);

        (await cursor.ReadAsync(Token)).Should().BeNull();
        await cursor.SaveAsync(1234567890123, Token);
        await cursor.SaveAsync(7, Token);

        (await cursor.ReadAsync(Token)).Should().Be(7);
        File.GetUnixFileMode(CursorFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.GetFiles(_folder).Should().Equal(CursorFile);
        await File.WriteAllTextAsync(CursorFile, "x", Token);
        await cursor.Awaiting(c => c.ReadAsync(Token).AsTask()).Should().ThrowAsync<InvalidDataException>();
    }

    /// <summary>Ends the run by a failure at that event.</summary>
    private async Task RunUntilAsync(long last, Action<KobbopayEvent> see, params string[] types)
    {
        var consumer = new EventFeedConsumer(
            _server.Client,
            new FileEventCursor(CursorFile),
            (one, _) =>
            {
                see(one);
                return one.Sequence == last ? Task.FromException(new EndOfStreamException()) : Task.CompletedTask;
            })
        { Types = types, };
        var run = () => consumer.RunAsync(Token);
        await run.Should().ThrowAsync<EndOfStreamException>();
    }
}
