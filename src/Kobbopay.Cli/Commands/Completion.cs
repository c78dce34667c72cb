using System.CommandLine;
using Kobbopay.Cli.Running;

namespace Kobbopay.Cli.Commands;

/// <summary>Prints what a shell needs to complete commands: it asks the tool itself.</summary>
internal static class Completion
{
    private const string Bash = """
        _kobbo() {
          local words="${COMP_LINE#* }" skipped
          skipped=$(( ${#COMP_LINE} - ${#words} ))
          COMPREPLY=($(compgen -W "$(kobbo "[suggest:$(( COMP_POINT - skipped ))]" "$words" 2>/dev/null)" \
            -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -F _kobbo kobbo
        """;

    private const string Zsh = """
        #compdef kobbo
        _kobbo() {
          local line="${words[2,-1]}"
          compadd -- ${(f)"$(kobbo "[suggest:${#line}]" "$line" 2>/dev/null)"}
        }
        compdef _kobbo kobbo
        """;

    private const string Fish = """
        function __kobbo
          set -l line (commandline -cp | string replace -r '^\S+\s?' '')
          kobbo "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c kobbo -f -a '(__kobbo)'
        """;

    private static readonly Dictionary<string, string> ByShell = new(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["zsh"] = Zsh,
        ["fish"] = Fish,
    };

    public static Command Of(Kobbo kobbo)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish", HelpName = "SHELL" };
        shell.AcceptOnlyFromAmong([.. ByShell.Keys]);
        var command = new Command("completion", "Print the completion for a shell: eval \"$(kobbo completion bash)\"")
        {
            shell,
        };
        return kobbo.Handle(command, (context, parsed, _) =>
        {
            context.Line(ByShell[parsed.GetRequiredValue(shell)]);
            return Task.FromResult(ExitCodes.Done);
        });
    }
}
