using System.Reflection;
using System.Text.Json;
using Kobbopay.Cli.Commands;
using Kobbopay.Cli.Listening;
using Kobbopay.Cli.Profiles;
using Kobbopay.Cli.Running;
using Kobbopay.Client;
using Kobbopay.Contracts;

namespace Kobbopay.UnitTests.Cli;

/// <summary>How the tool takes its arguments, and keeps its files.</summary>
public sealed class UsageTests : IDisposable
{
    private const string Key = "kp_test_0123456789abcdefghijkl";

    private readonly TestTerminal _kobbo = new();

    public void Dispose() => _kobbo.Dispose();

    [Theory]
    [InlineData("payments")]
    [InlineData("paymnts")]
    [InlineData("payments create")]
    [InlineData("payments create --amount 1e3 --currency USDT --network n --order-id o")]
    [InlineData("payments list --limit 101")]
    [InlineData("payments get evt_1")]
    [InlineData("payments create --amount 1 --currency C --network n --order-id o --metadata pair")]
    [InlineData("scenario lunch")]
    [InlineData("listen --forward-to http://localhost --from yesterday")]
    [InlineData("events resend evt_1 --listen --forward-to http://localhost")]
    [InlineData("payments list --profile ../x")]
    [InlineData("completion powershell")]
    [InlineData("login")]
    [InlineData("login --url nowhere --key-stdin")]
    [InlineData("webhooks verify")]
    public async Task A_mistake_in_the_command_exits_with_2_and_a_next_step(string command)
    {
        var (code, output, error) = await _kobbo.RunAsync(command.Split(' '));

        code.Should().Be(ExitCodes.Usage, error);
        output.Should().BeEmpty();
        error.Should().Contain("Error: ").And.Contain("Next: ");
    }

    [Fact]
    public async Task A_key_in_an_argument_is_not_repeated_and_has_to_be_rolled()
    {
        var (code, output, error) = await _kobbo.RunAsync("login", Key);

        code.Should().Be(ExitCodes.Usage);
        (output + error).Should().NotContain(Key).And.Contain("roll it").And.Contain("--key-stdin");
    }

    [Theory]
    [InlineData("payments list")]
    [InlineData("listen --forward-to http://localhost")]
    [InlineData("scenario paid")]
    public async Task Who_is_not_logged_in_is_told_how_to(string command)
    {
        var (code, _, error) = await _kobbo.RunAsync(command.Split(' '));

        code.Should().Be(ExitCodes.NoAccess);
        error.Should().Contain("Next: kobbo login");
    }

    [Fact]
    public async Task Json_tells_a_failure_on_stderr_as_one_document()
    {
        var (code, output, error) = await _kobbo.RunAsync("payments", "list", "--json");

        output.Should().BeEmpty();
        var document = JsonElement.Parse(error);
        document.GetProperty("exitCode").GetInt32().Should().Be(code).And.Be(3);
        document.GetProperty("next").GetString().Should().Contain("kobbo login");
    }

    [Fact]
    public async Task Help_tells_the_exit_codes_and_each_command_has_help()
    {
        (await _kobbo.RunAsync("--help")).Output.Should().Contain(ExitCodes.Help);
        foreach (var command in (string[])["listen", "payments create", "webhooks verify", "events resend", "certify"])
        {
            var (code, output, _) = await _kobbo.RunAsync([.. command.Split(' '), "--help"]);
            code.Should().Be(0);
            output.Should().Contain("Usage:").And.Contain("--json");
        }
    }

    [Theory]
    [InlineData("payments ", "watch")]
    [InlineData("scenario ", "reorg_after_paid")]
    [InlineData("payments list --status ", "Confirmed")]
    [InlineData("web", "webhooks")]
    public async Task Suggestions_come_out(string line, string suggestion) =>
        (await _kobbo.RunAsync($"[suggest:{line.Length}]", line)).Output.Split(Environment.NewLine)
            .Should().Contain(suggestion);

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task A_shell_is_told_to_ask_for_them(string shell) =>
        (await _kobbo.RunAsync("completion", shell)).Output.Should().Contain("[suggest:");

    [Fact]
    public async Task Scenarios_are_listed_with_a_line_each_and_are_all_of_them()
    {
        var all = typeof(SandboxScenarios).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!);
        Scenario.Names.Should().BeEquivalentTo(all);
        var (code, output, _) = await _kobbo.RunAsync("scenario");
        code.Should().Be(0);
        output.Should().Contain("never_paid").And.NotContain("\u001b");
    }

    [Fact]
    public void A_profile_is_kept_in_a_file_of_mode_600_in_a_folder_of_mode_700()
    {
        var store = new ProfileStore(_kobbo.Terminal);
        var warnings = new List<string>();
        store.Save("default", ProfileStore.Checked("https://api.example.com", Key), warnings.Add);
        store.Save("two", ProfileStore.Checked("http://localhost:8080/", $"{Key}\n"), warnings.Add);

        File.GetUnixFileMode(_kobbo.ConfigFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(_kobbo.ConfigFile)!).Should().Be(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.GetFiles(Path.GetDirectoryName(_kobbo.ConfigFile)!).Should().ContainSingle();
        store.Find("two", warnings.Add).ApiKey.Should().Be(Key);
        store.Find("two", warnings.Add).ToString().Should().NotContain(Key);
        warnings.Should().BeEmpty();

        File.SetUnixFileMode(_kobbo.ConfigFile, (UnixFileMode)0b110_100_100);
        store.Find("default", warnings.Add).Url.Should().Be(new Uri("https://api.example.com/"));
        warnings.Should().ContainSingle().Which.Should().Contain("others could read").And.NotContain(Key);
        PrivateFiles.IsOpenToOthers(_kobbo.ConfigFile).Should().BeFalse();
        store.Remove("two", warnings.Add).Should().BeTrue();
        store.Remove("two", warnings.Add).Should().BeFalse();
    }

    [Fact]
    public void A_live_key_goes_over_https_alone_and_a_stored_one_nowhere_else()
    {
        var live = () => ProfileStore.Checked("http://pay.example.com", "kp_live_0123456789");
        live.Should().Throw<CliException>().WithMessage("*not sent over http*");
        var store = new ProfileStore(_kobbo.Terminal);
        store.Save("default", ProfileStore.Checked("https://api.example.com", Key), _ => { });

        _kobbo.Variables["KOBBOPAY_URL"] = "https://other.example.com";
        var elsewhere = () => store.Find("default", _ => { });
        elsewhere.Should().Throw<CliException>().WithMessage("*is not sent there*");
        _kobbo.Variables["KOBBOPAY_URL"] = "https://api.example.com/";
        store.Find("default", _ => { }).ApiKey.Should().Be(Key);
        _kobbo.Variables["KOBBOPAY_API_KEY"] = "kp_test_another0123";
        store.Find("default", _ => { }).ApiKey.Should().Be("kp_test_another0123");
    }

    [Fact]
    public void A_delivery_id_has_the_servers_form() =>
        Id.TryParse(Id.Delivery, DeliveryId.New(TimeProvider.System), out _).Should().BeTrue();
}
