using System.Collections.Concurrent;

namespace Kobbopay.LocalServers;

/// <summary>
/// One thread that lives as long as this process and forks all children: the kernel sends a child its parent-death
/// signal when the *thread* that forked it ends, and threads of the pool come and go.
/// </summary>
internal static class LauncherThread
{
    private static readonly BlockingCollection<Action> Work = [];

    static LauncherThread() => new Thread(Loop) { IsBackground = true, Name = "child processes" }.Start();

    public static Task RunAsync(Func<bool> start)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                start();
                done.SetResult();
            }
            catch (Exception problem)
            {
                done.SetException(problem);
            }
        });
        return done.Task;
    }

    private static void Loop()
    {
        foreach (var action in Work.GetConsumingEnumerable())
            action();
    }
}
