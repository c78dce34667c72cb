using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>The simulated chain: to play the payer, the miners and the trouble. Test keys only.</summary>
public sealed class SandboxClient
{
    private readonly ApiConnection _connection;

    internal SandboxClient(ApiConnection connection) => _connection = connection;

    /// <summary>Plays the payer, and mines the block that holds the transaction.</summary>
    /// <param name="paymentId">The payment's id, <c>pay_...</c>.</param>
    /// <param name="request">What to send; what the chain still lacks unless given.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<SandboxPayment>> PayAsync(
        string paymentId,
        SandboxPayRequest? request = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/sandbox/payments/{paymentId}/pay", paymentId),
            ApiBody.Of(request, KobbopayJson.Default.SandboxPayRequest),
            KobbopayJson.Default.SandboxPayment,
            idempotencyKey,
            cancellationToken);

    /// <summary>Mines blocks.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="blocks">How many; one unless given.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<SandboxMined>> MineAsync(
        string network,
        int? blocks = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/sandbox/networks/{network}/mine", network),
            ApiBody.Of(new MineBody(blocks), KobbopayJson.Default.MineBody),
            KobbopayJson.Default.SandboxMined,
            idempotencyKey,
            cancellationToken);

    /// <summary>Replaces the newest blocks by others.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="request">How many, and what becomes of their transactions.</param>
    /// <param name="idempotencyKey">One's own key; made unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<SandboxReorg>> ReorgAsync(
        string network, SandboxReorgRequest request, string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/sandbox/networks/{network}/reorg", network),
            ApiBody.OfReorg(request),
            KobbopayJson.Default.SandboxReorg,
            idempotencyKey,
            cancellationToken);

    /// <summary>Lets what watches the chain fail or fall behind for a while.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="mode"><c>ok</c>, <c>delay</c> or <c>fail</c>.</param>
    /// <param name="seconds">How long; not with <c>ok</c>.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<SandboxProvider>> SetProviderAsync(
        string network,
        string mode,
        int? seconds = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/sandbox/networks/{network}/provider", network),
            ApiBody.Of(new ProviderBody(mode, seconds), KobbopayJson.Default.ProviderBody),
            KobbopayJson.Default.SandboxProvider,
            idempotencyKey,
            cancellationToken);

    /// <summary>One page of the chain's blocks.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<SandboxBlock>> ListBlocksPageAsync(
        string network, PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/sandbox/networks/{network}/blocks", network).With(page),
            KobbopayJson.Default.PageSandboxBlock,
            cancellationToken);

    /// <summary>All blocks of the chain, newest first.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<SandboxBlock> ListBlocksAsync(
        string network, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListBlocksPageAsync(network, page, token), pageSize, cancellationToken);

    /// <summary>One page of the chain's transfers.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="page">Which page; the newest entries unless given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<Page<SandboxTransfer>> ListTransfersPageAsync(
        string network, PageRequest? page = null, CancellationToken cancellationToken = default) =>
        _connection.GetAsync(
            new ApiPath("v1/sandbox/networks/{network}/transfers", network).With(page),
            KobbopayJson.Default.PageSandboxTransfer,
            cancellationToken);

    /// <summary>All transfers of the chain, newest first.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="pageSize">How many entries to fetch at a time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public IAsyncEnumerable<SandboxTransfer> ListTransfersAsync(
        string network, int? pageSize = null, CancellationToken cancellationToken = default) =>
        Paging.AllAsync((page, token) => ListTransfersPageAsync(network, page, token), pageSize, cancellationToken);

    /// <summary>Reads the sandbox's clock.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<SandboxClock> GetClockAsync(CancellationToken cancellationToken = default) =>
        _connection.GetAsync(new ApiPath("v1/sandbox/clock"), KobbopayJson.Default.SandboxClock, cancellationToken);

    /// <summary>Moves the sandbox's clock on and mines a block with the new time.</summary>
    /// <param name="seconds">How far: up to 60 days.</param>
    /// <param name="idempotencyKey">One's own key, to repeat the call safely from another process; made unless
    /// given.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<KobbopayResult<SandboxClock>> AdvanceClockAsync(
        int seconds, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        _connection.PostAsync(
            new ApiPath("v1/sandbox/clock/advance"),
            ApiBody.Of(new AdvanceBody(seconds), KobbopayJson.Default.AdvanceBody),
            KobbopayJson.Default.SandboxClock,
            idempotencyKey,
            cancellationToken);
}
