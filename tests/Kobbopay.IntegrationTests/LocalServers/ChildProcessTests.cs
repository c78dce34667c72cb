using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.LocalServers;

public sealed class ChildProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_end_of_a_child_tells_its_code_and_its_last_lines()
    {
        await using var child = await ChildProcess.StartAsync(Shell("{ seq 1 100; echo broken; } >&2; exit 3"), Token);

        var exit = await child.Exited;

        exit.Reason.Should().Be("exit code 3");
        exit.LastLines.Should().HaveCount(30).And.Contain("broken").And.Contain("99").And.NotContain("50");
    }

    [Fact]
    public async Task A_child_that_ignores_the_polite_signal_is_killed_with_its_own_children()
    {
        var lines = new List<string>();
        await using var child = await ChildProcess.StartAsync(
            Shell("trap '' TERM; sleep 1000 & echo $!; wait; wait") with { OnLine = lines.Add }, Token);
        await Eventually.TrueAsync(() => lines.Count == 1);

        var exit = await child.StopAsync(TimeSpan.FromMilliseconds(200));

        exit.Reason.Should().Be("ended by signal 9");
        await Eventually.TrueAsync(() => !Runs(int.Parse(lines[0])));
    }

    [Fact]
    public async Task A_child_is_the_leader_of_a_session_of_its_own()
    {
        await using var child = await ChildProcess.StartAsync(Shell("exec sleep 1000"), Token);

        await Eventually.TrueAsync(() => Stat(child.Id)[3] == $"{child.Id}" && Stat(child.Id)[2] == $"{child.Id}");
    }

    [Fact]
    public async Task What_a_crash_left_behind_is_ended_by_the_next_start_and_a_stranger_is_not()
    {
        var record = Path.Combine(Servers.NewFolder("records"), "child.pid");
        await using var left = await ChildProcess.StartAsync(Shell("exec sleep 1000") with { PidFile = record }, Token);
        await using var stranger = await ChildProcess.StartAsync(Shell("exec sleep 1000"), Token);

        await using var next = await ChildProcess.StartAsync(Shell("exec sleep 1000") with { PidFile = record }, Token);
        (await left.Exited).Reason.Should().Be("ended by signal 15");
        ProcessRecord.Running(record).Should().Be(next.Id);

        await File.WriteAllTextAsync(record, $"{stranger.Id} 1\n", Token);
        await using var last = await ChildProcess.StartAsync(Shell("exec sleep 1000") with { PidFile = record }, Token);
        stranger.Exited.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_folder_that_the_servers_cannot_reach_is_replaced_by_one_that_they_can()
    {
        var closed = Servers.NewFolder("closed");
        Directory.CreateDirectory(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var wished = Path.Combine(closed, ".kobbopay");

        var chosen = await StateFolder.ChooseAsync(wished, Token);

        // Only root runs its servers as other users, whom a closed folder keeps out.
        chosen.Should().Be(Environment.IsPrivilegedProcess ? StateFolder.FallbackFor(wished) : wished);
        if (chosen != wished)
            Directory.Delete(chosen);
    }

    private static ChildCommand Shell(string script) => new("sh", "sh", ["-c", script]);

    private static bool Runs(int process) => Stat(process) is [var state, ..] && state != "Z";

    private static string[] Stat(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
