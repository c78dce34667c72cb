using System.Text;
using System.Text.Json.Serialization.Metadata;
using Kobbopay.Cli.Profiles;
using Kobbopay.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Kobbopay.Cli.Running;

/// <summary>What a command works with: results go to stdout, and all else to stderr.</summary>
internal sealed class Context : IDisposable
{
    private const int Retries = 2;

    private readonly ProfileStore _profiles;
    private readonly Lazy<(KobbopayClient Client, HttpClient Http, LastAnswer Answer)> _connection;
    private readonly IAnsiConsole _status;
    private Credentials? _credentials;

    public Context(Terminal terminal, string profile, bool isJson)
    {
        (Terminal, Profile, IsJson) = (terminal, profile, isJson);
        (Console, _status) = (terminal.Console(), terminal.ErrorConsole());
        _profiles = new ProfileStore(terminal);
        _connection = new(Connect);
    }

    public Terminal Terminal { get; }

    public string Profile { get; }

    public bool IsJson { get; }

    public IAnsiConsole Console { get; }

    public TimeProvider Clock => Terminal.Clock;

    public ProfileStore Profiles => _profiles;

    public KobbopayClient Client => _connection.Value.Client;

    /// <summary>The last JSON answer as it came.</summary>
    public byte[] AnswerBytes => _connection.Value.Answer.Json;

    /// <exception cref="CliException">Nobody is logged in.</exception>
    public Credentials Credentials
    {
        get => _credentials ??= _profiles.Find(Profile, Warn);
        set => _credentials = value;
    }

    /// <summary>Of who has got so far; a failure names the address.</summary>
    public Uri? UrlIfKnown => _credentials?.Url;

    public bool IsLiveDisplay => !IsJson && !Terminal.OutputIsRedirected && Console.Profile.Capabilities.Ansi;

    /// <summary>The interface's answer as it came, or what people read of it.</summary>
    public void Answer(Func<IRenderable> forPeople)
    {
        if (IsJson)
            Line(Encoding.UTF8.GetString(AnswerBytes));
        else
            Show(forPeople());
    }

    /// <summary>The same for what this tool has found out itself.</summary>
    public void Answer<T>(T document, JsonTypeInfo<T> type, Func<IRenderable> forPeople)
    {
        if (IsJson)
            Line(System.Text.Json.JsonSerializer.Serialize(document, type));
        else
            Show(forPeople());
    }

    /// <summary>A page of a list, and where it goes on.</summary>
    public void AnswerPage<T>(Page<T> page, Func<IEnumerable<T>, IRenderable> forPeople)
    {
        Answer(() => forPeople(page.Data));
        if (page.Data.Count == 0)
            Say($"There is none.");
        else if (page is { HasMore: true, NextCursor: { } cursor })
            Say($"There are more: --after {cursor}");
    }

    public void Show(IRenderable what)
    {
        Console.Write(what);
        if (what is not Table)
            Console.WriteLine();
    }

    public void Line(string text) => Terminal.Output.WriteLine(text);

    /// <summary>For people alone: how it goes, and what may come next.</summary>
    public void Say(string text)
    {
        // Past what moves on a terminal; elsewhere as it is.
        if (Terminal.ErrorIsRedirected)
            Terminal.Error.WriteLine(Redaction.Of(text));
        else
            _status.WriteLine(Redaction.Of(text));
    }

    public void Warn(string text) => Say($"Warning: {text}");

    /// <summary>Shows that something goes on, where somebody looks.</summary>
    public async Task<T> WorkAsync<T>(string what, Func<Task<T>> work)
    {
        if (Terminal.ErrorIsRedirected || !_status.Profile.Capabilities.Ansi)
        {
            Say($"{what} ...");
            return await work();
        }

        return await _status.Status().StartAsync(Markup.Escape(what), _ => work());
    }

    /// <exception cref="CliException">The key is a live one.</exception>
    public void RequireTest()
    {
        if (!Credentials.IsLive)
            return;
        throw new CliException(
            "This is the sandbox's, and the key is LIVE.",
            "log in with a test key beside it (kobbo login --profile test), and add --profile test to the command.");
    }

    public void Dispose()
    {
        if (_connection.IsValueCreated)
            _connection.Value.Http.Dispose();
    }

    private (KobbopayClient Client, HttpClient Http, LastAnswer Answer) Connect()
    {
        var answer = new LastAnswer();
        var http = new HttpClient(answer) { Timeout = Timeout.InfiniteTimeSpan };
        var options = new KobbopayClientOptions
        {
            BaseAddress = Credentials.Url,
            ApiKey = Credentials.ApiKey,
            MaxRetries = Retries,
            OnRetry = retry => Say(
                $"{retry.Request}: {Failures.Short(retry.Failure)} Trying again in {retry.Delay.TotalSeconds:0.0} s."),
        };
        return (new KobbopayClient(http, options, Clock), http, answer);
    }
}
