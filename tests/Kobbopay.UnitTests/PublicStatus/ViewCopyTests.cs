using CsCheck;
using Kobbopay.PublicStatus;

namespace Kobbopay.UnitTests.PublicStatus;

public sealed class ViewCopyTests
{
    [Fact]
    public void Whatever_order_views_arrive_in_the_newest_stays()
    {
        var orders = Gen.Select(Gen.Int[1, 5], Gen.Int[0, 5], (version, progress) => (version, progress)).Array[1, 20];
        orders.Sample(order =>
        {
            var copy = new ViewCopy(Views.Pending, Views.Now, Views.Now);
            foreach (var (version, progress) in order)
                copy.Offer(Views.Pending with { Version = version, Progress = progress }, Views.Now, Views.Now);
            return (copy.View.Version, copy.View.Progress) == order.Append((1, 0)).Max();
        });
    }

    [Fact]
    public void An_old_view_is_no_news_and_the_same_view_is()
    {
        var copy = new ViewCopy(Views.Pending with { Version = 2 }, Views.Now, Views.Now);
        var later = Views.Now.AddSeconds(8);

        copy.Offer(Views.Pending, later, later);
        copy.NewsAt.Should().Be(Views.Now);
        copy.CheckedAt.Should().Be(later);

        copy.Offer(Views.Pending with { Version = 2 }, later, later);
        copy.NewsAt.Should().Be(later);
    }
}
