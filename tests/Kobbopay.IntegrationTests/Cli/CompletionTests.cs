using CliWrap;
using CliWrap.Buffered;

namespace Kobbopay.IntegrationTests.Cli;

/// <summary>What the Tab key does in each shell that <c>kobbo completion</c> speaks to.</summary>
public sealed class CompletionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly KobboTool _kobbo = new();

    public void Dispose() => _kobbo.Dispose();

    [Fact]
    public async Task Bash_completes_a_command()
    {
        var output = await RunAsync("bash", """
            eval "$(kobbo completion bash)"
            COMP_LINE="kobbo payments c" COMP_POINT=16 COMP_CWORD=2
            COMP_WORDS=(kobbo payments c)
            _kobbo
            printf '%s\n' "${COMPREPLY[@]}"
            complete -p kobbo
            """);

        output.Split('\n').Should().Contain(["cancel", "create", "complete -F _kobbo kobbo"]).And.NotContain("get");
    }

    [Fact]
    public async Task Fish_completes_a_command()
    {
        var output = await RunAsync("fish", """
            kobbo completion fish | source
            complete --do-complete "kobbo payments c"
            """);

        output.Split('\n').Should().Contain(["cancel", "create"]).And.NotContain("get");
    }

    [Fact]
    public async Task Zsh_completes_a_command()
    {
        // A terminal of its own, since zsh completes nowhere else; the completed line is shown by having it echoed.
        var output = await RunAsync("zsh", """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell 'autoload -U compinit; compinit -u -d $HOME/zcompdump; eval "$(kobbo completion zsh)"'
            zpty -w shell 'PS1="> "; bindkey -e; print -r -- rea""dy'
            zpty -r -m shell said '*ready*'
            zpty -w -n shell $'kobbo payments cre\t\x01echo seen: \n'
            zpty -r -m shell said '*seen: kobbo payments create*'
            print -r -- "$said"
            zpty -d shell
            """);

        output.Should().Contain("seen: kobbo payments create");
    }

    private async Task<string> RunAsync(string shell, string script)
    {
        var bin = _kobbo.OnPath();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        var result = await CliWrap.Cli.Wrap(shell)
            .WithArguments(["-c", script])
            .WithEnvironmentVariables(variables => variables
                .Set("PATH", $"{bin}:{Environment.GetEnvironmentVariable("PATH")}")
                .Set("HOME", _kobbo.Home)
                .Set("XDG_CONFIG_HOME", _kobbo.Home)
                .Set("TERM", "xterm"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(limit.Token);
        result.ExitCode.Should().Be(0, result.StandardError);
        return result.StandardOutput;
    }
}
