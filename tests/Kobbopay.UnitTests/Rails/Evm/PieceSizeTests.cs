using Kobbopay.Payments.Rails.Evm.Rpc;

namespace Kobbopay.UnitTests.Rails.Evm;

public sealed class PieceSizeTests
{
    private readonly PieceSize _size = new(100);
    private readonly List<(long From, long To)> _done = [];
    private int _refusals;

    [Fact]
    public async Task Everything_is_done_once_and_in_order()
    {
        await WorkAsync(5, 254, limit: 100);

        _done.Should().Equal((5, 104), (105, 204), (205, 254));
    }

    [Fact]
    public async Task What_is_refused_is_halved_and_the_good_size_is_remembered()
    {
        await WorkAsync(0, 99, limit: 30);
        await WorkAsync(100, 149, limit: 30);

        _refusals.Should().Be(2, "of 100 and of 50");
        _done.Should().Equal((0, 24), (25, 49), (50, 74), (75, 99), (100, 124), (125, 149));
    }

    [Fact]
    public async Task A_size_that_goes_well_grows_slowly_up_to_the_most()
    {
        await WorkAsync(0, 99, limit: 30);
        _done.Clear();
        await WorkAsync(100, 20_099, limit: int.MaxValue);

        var sizes = _done[..^1].ConvertAll(done => (int)(done.To - done.From + 1));
        sizes.Should().BeInAscendingOrder();
        sizes.Zip(sizes.Skip(1)).Should().OnlyContain(pair => pair.Second <= pair.First * 9 / 8);
        sizes[^1].Should().Be(100);
    }

    [Fact]
    public async Task Little_that_is_asked_for_is_no_sign_that_more_would_do()
    {
        await WorkAsync(0, 99, limit: 30);
        for (var i = 0; i < 100; i++)
            await WorkAsync(i, i, limit: 30);
        _done.Clear();
        await WorkAsync(0, 24, limit: 30);

        _done.Should().Equal((0, 24));
    }

    [Fact]
    public async Task A_single_one_that_is_refused_is_a_failure()
    {
        var working = () => WorkAsync(0, 99, limit: 0);

        (await working.Should().ThrowAsync<ProviderException>()).Which.Kind.Should().Be(ProviderException.RpcError);
        _refusals.Should().Be(7);
    }

    [Fact]
    public async Task A_time_out_is_a_failure_and_the_next_try_is_for_less()
    {
        var working = () => _size.WorkAsync(
            0, 99, (_, _) => throw new ProviderException(ProviderException.Timeout, "too slow"), _ => false);

        await working.Should().ThrowAsync<ProviderException>();
        await WorkAsync(0, 99, limit: 100);
        _done.Should().Equal((0, 49), (50, 99));
    }

    private Task WorkAsync(long from, long to, long limit) => _size.WorkAsync(
        from,
        to,
        (first, last) =>
        {
            if (last - first + 1 > limit)
            {
                _refusals++;
                throw new ProviderException(ProviderException.RpcError, "too many");
            }

            _done.Add((first, last));
            return Task.FromResult(true);
        },
        refusal => refusal.Kind == ProviderException.RpcError);
}
