using System.Buffers;
using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>One call of JSON-RPC 2.0.</summary>
/// <param name="WriteParameters">Writes the parameters, one after the other.</param>
internal readonly record struct RpcCall(string Method, Action<Utf8JsonWriter> WriteParameters)
{
    /// <summary>
    /// The body of a request; a lone call is no batch, because some providers do not take batches.
    /// </summary>
    /// <param name="firstId">The first call's id; the others follow it.</param>
    public static ReadOnlyMemory<byte> Body(IReadOnlyList<RpcCall> calls, long firstId)
    {
        var body = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(body);
        if (calls.Count > 1)
            writer.WriteStartArray();
        for (var i = 0; i < calls.Count; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            writer.WriteNumber("id"u8, firstId + i);
            writer.WriteString("method"u8, calls[i].Method);
            writer.WriteStartArray("params"u8);
            calls[i].WriteParameters(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        if (calls.Count > 1)
            writer.WriteEndArray();
        writer.Flush();
        return body.WrittenMemory;
    }
}
