using System.Buffers;
using System.Text.Json;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>An error of JSON-RPC, as the provider words it.</summary>
internal sealed record RpcError(int Code, string Message);

/// <summary>
/// The answers to the calls of one request, in the calls' order, whatever order they came in. Results stay where they
/// are in the body until they are decoded, so the body, which is borrowed, has to be given back by disposing.
/// </summary>
internal sealed class RpcAnswers : IDisposable
{
    private readonly byte[] _body;
    private readonly Answer[] _answers;

    private RpcAnswers(byte[] body, Answer[] answers) => (_body, _answers) = (body, answers);

    public int Count => _answers.Length;

    /// <summary>The request as a whole was refused: one error for a batch, or one that names no call.</summary>
    public RpcError? Refusal { get; private set; }

    public RpcError? ErrorOf(int call) => _answers[call].Error;

    /// <summary>The JSON of a call's result; valid until this is disposed.</summary>
    public ReadOnlySpan<byte> ResultOf(int call) => _body.AsSpan(_answers[call].Start, _answers[call].Length);

    public void Dispose() => ArrayPool<byte>.Shared.Return(_body);

    /// <param name="body">Borrowed from the shared pool; it is given back when this fails, too.</param>
    /// <exception cref="FormatException">They are not the answers to these calls.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static RpcAnswers Read(byte[] body, int length, long firstId, int calls)
    {
        var answers = new RpcAnswers(body, new Answer[calls]);
        try
        {
            answers.Read(length, firstId);
            return answers;
        }
        catch
        {
            answers.Dispose();
            throw;
        }
    }

    private void Read(int length, long firstId)
    {
        var reader = new Utf8JsonReader(_body.AsSpan(0, length));
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            var (id, answer) = ReadOne(ref reader);
            if (answer.Error is { } error && (id is null || _answers.Length > 1))
                Refusal = error;
            else if (_answers.Length == 1)
                Take(id, answer, firstId);
            else
                throw new FormatException("one answer to several calls");
        }
        else if (reader.TokenType == JsonTokenType.StartArray && _answers.Length > 1)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                var (id, answer) = ReadOne(ref reader);
                if (id is null && answer.Error is { } error)
                    Refusal = error;
                else
                    Take(id, answer, firstId);
            }

            if (reader.TokenType != JsonTokenType.EndArray)
                throw new FormatException("an answer that is none");
        }
        else
        {
            throw new FormatException("no answer of JSON-RPC");
        }

        // What follows the end is refused by the reader.
        reader.Read();
        if (Refusal is null && Array.Exists(_answers, answer => answer.IsMissing))
            throw new FormatException("a call without an answer");
    }

    private void Take(long? id, Answer answer, long firstId)
    {
        if (id - firstId is not { } place || place < 0 || place >= _answers.Length || !_answers[place].IsMissing)
            throw new FormatException("an answer to another call");
        if (answer.IsMissing)
            throw new FormatException("an answer without result and error");
        _answers[place] = answer;
    }

    private static (long? Id, Answer Answer) ReadOne(ref Utf8JsonReader reader)
    {
        long? id = null;
        var answer = default(Answer);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("id"u8))
            {
                id = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
                reader.Skip();
            }
            else if (name.SequenceEqual("result"u8))
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                answer = answer with { Start = start, Length = (int)reader.BytesConsumed - start };
            }
            else if (name.SequenceEqual("error"u8) && reader.TokenType != JsonTokenType.Null)
            {
                answer = answer with { Error = ReadError(ref reader) };
            }
            else
            {
                reader.Skip();
            }
        }

        return (id, answer);
    }

    private static RpcError ReadError(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return new RpcError(0, reader.GetString()!);
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new FormatException("an error that is none");
        var (code, message) = (0, "");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("code"u8) && reader.TokenType == JsonTokenType.Number)
                code = reader.TryGetInt32(out var number) ? number : 0;
            else if (name.SequenceEqual("message"u8) && reader.TokenType == JsonTokenType.String)
                message = reader.GetString()!;
            reader.Skip();
        }

        return new RpcError(code, message);
    }

    private readonly record struct Answer(int Start, int Length, RpcError? Error)
    {
        public bool IsMissing => Length == 0 && Error is null;
    }
}
