using CsCheck;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Events;

namespace Kobbopay.UnitTests.Events;

public sealed class EventMessagesTests
{
    [Fact]
    public void Events_go_in_their_order_into_as_few_messages_as_their_limits_allow() =>
        Gen.Int[0, PaymentsChanged.BytesLimit * 5 / 4].Array[0, 40].Select(
            Gen.Int[0, 3_000].Array[0, 300], (large, small) => (int[])[.. small, .. large, .. small]).Sample(sizes =>
        {
            var events = sizes.Select(EventOf).ToList();

            var messages = SequencedEvent.MessagesOf(events).ToList();

            messages.SelectMany(message => message).Should().Equal(events);
            foreach (var message in messages)
            {
                message.Should().NotBeEmpty().And.HaveCountLessThanOrEqualTo(PaymentsChanged.BatchLimit);
                (message.Count == 1 || BytesOf(message) <= PaymentsChanged.BytesLimit).Should().BeTrue();
            }

            foreach (var (message, next) in messages.Zip(messages.Skip(1)))
            {
                (message.Count == PaymentsChanged.BatchLimit
                    || BytesOf([.. message, next[0]]) > PaymentsChanged.BytesLimit).Should().BeTrue();
            }
        }, iter: 200);

    private static int BytesOf(List<SequencedEvent> message) =>
        message.Sum(one => one.Body.Length + one.Row.Payment!.PublicView.Length);

    private static SequencedEvent EventOf(int size, int index) => new(
        new PendingEventRow(
            index, Guid.Empty, Guid.Empty, MerchantEnvironments.Test, PaymentEventTypes.Paid, "payment",
            new PendingPayment(Guid.Empty, "order", 1, "Paid", "Pending", new byte[size / 3], null, null, null),
            DateTimeOffset.UnixEpoch, [], TraceParent: null, ExceptEndpointId: null, KeyId: null),
        index + 1,
        new byte[size - (size / 3)]);
}
