using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using SpinStudio.Engine.Models;
using SpinStudio.Engine.Runs;
using SpinStudio.Torch;

namespace SpinStudio.Engine.Generation;

/// <summary>
/// Answers requests as they come, each with its own settings, in one batch that is refilled as answers end (continuous batching). One thread of its own does the
/// arithmetic; callers read their tokens as they are drawn.
/// </summary>
public sealed class LiveGenerator : IDisposable
{
    private readonly BlockingCollection<Request> _waiting;
    private readonly CancellationTokenSource _end = new();
    private readonly Thread _thread;
    private readonly LlamaModel _model;
    private readonly int _slots;
    private volatile int _active;

    /// <param name="slots">Answers decoded together.</param>
    /// <param name="capacity">Positions of prompt and answer together; at most the model's.</param>
    /// <param name="mostWaiting">Requests that may wait for a slot; more are refused.</param>
    public LiveGenerator(LlamaModel model, int slots, int capacity, int mostWaiting = 256)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, model.Config.MaxPositions);
        (_model, _slots, Capacity) = (model, slots, capacity);
        _waiting = new BlockingCollection<Request>(mostWaiting);
        _thread = new Thread(Work) { IsBackground = true, Name = "generation" };
        _thread.Start();
    }

    public int Capacity { get; }

    /// <summary>Answers being decoded now.</summary>
    public int Active => _active;

    /// <summary>Requests without a slot.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Tokens drawn since the start.</summary>
    public long TokensGenerated { get; private set; }

    /// <summary>Draws an answer token by token; the last one is the stop token, if one ended it.</summary>
    /// <param name="likeliest">How many of the likeliest tokens are told with each; null: no log-probs.</param>
    /// <param name="cancel">Gives the slot back, as not reading to the end does.</param>
    /// <exception cref="BadInputException">The prompt is empty, or leaves no room for the answer within <see cref="Capacity"/>.</exception>
    /// <exception cref="GenerationBusyException">Too many requests wait already.</exception>
    public IAsyncEnumerable<DrawnToken> AnswerAsync(
        int[] prompt, GenerationConfig config, IReadOnlySet<int> stopIds, RandomStream stream, int? likeliest = null, CancellationToken cancel = default)
    {
        if (prompt.Length == 0) throw new BadInputException("the prompt is empty after tokenisation");
        if (prompt.Length + config.MaxNewTokens > Capacity)
            throw new BadInputException($"the prompt has {prompt.Length} tokens; with {config.MaxNewTokens} for the answer that passes the {Capacity} positions of the context. Shorten the prompt or lower max_tokens");
        return Enqueue(new Request(new Decoding(prompt, stream, config, stopIds, likeliest), cancel), cancel);
    }

    /// <summary>The tokens of a given answer with the log-probs that the model holds them at; decoded beside the answers that are being drawn.</summary>
    /// <param name="likeliest">How many of the likeliest tokens are told with each.</param>
    /// <exception cref="BadInputException">Prompt or answer is empty, or both together pass <see cref="Capacity"/>.</exception>
    /// <exception cref="GenerationBusyException">Too many requests wait already.</exception>
    public IAsyncEnumerable<DrawnToken> ScoreAsync(int[] prompt, int[] answer, int likeliest, CancellationToken cancel = default)
    {
        if (prompt.Length == 0 || answer.Length == 0) throw new BadInputException($"the {(prompt.Length == 0 ? "prompt" : "answer")} is empty after tokenisation");
        if (prompt.Length + answer.Length > Capacity)
            throw new BadInputException($"prompt and answer have {prompt.Length} and {answer.Length} tokens, which passes the {Capacity} positions of the context. Shorten one of them");
        var config = new GenerationConfig { MaxNewTokens = answer.Length };
        return Enqueue(new Request(new Decoding(prompt, RandomStream.From(0), config, new HashSet<int>(), likeliest) { Given = answer }, cancel), cancel);
    }


    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        _waiting.Dispose();
        _end.Dispose();
    }

    private IAsyncEnumerable<DrawnToken> Enqueue(Request request, CancellationToken cancel) => _waiting.TryAdd(request)
        ? Read(request, cancel)
        : throw new GenerationBusyException($"{_waiting.BoundedCapacity} requests wait for an answer already; try again later");

    private static async IAsyncEnumerable<DrawnToken> Read(Request request, [EnumeratorCancellation] CancellationToken cancel)
    {
        try
        {
            await foreach (var token in request.Tokens.Reader.ReadAllAsync(cancel))
                yield return token;
        }
        finally
        {
            request.GiveUp();
        }
    }

    private void Work()
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var batch = new DecodingBatch(_model, _slots, Capacity);
        var open = new Dictionary<Decoding, Request>(ReferenceEqualityComparer.Instance);
        try
        {
            while (true)
            {
                foreach (var gone in open.Where(pair => pair.Value.GivenUp))
                    gone.Key.End();
                Close(batch, open, null);

                var coming = Coming(batch.Free, wait: open.Count == 0);
                foreach (var request in coming)
                    open.Add(request.Decoding, request);
                _active = open.Count;
                if (coming.Count > 0)
                    batch.Admit([.. coming.Select(request => request.Decoding)]);
                else if (open.Count > 0)
                    batch.Step();
                TokensGenerated = batch.TokensDrawn;
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            CloseAll(open.Values, new OperationCanceledException("the generator ends"));
        }
        catch (Exception failure)
        {
            // Whoever waits is told; nothing can be trusted to go on with.
            CloseAll(open.Values, failure);
        }
    }

    /// <summary>Takes up to <paramref name="free"/> requests; waits for one when nothing else is to be done.</summary>
    private List<Request> Coming(int free, bool wait)
    {
        var coming = new List<Request>();
        _end.Token.ThrowIfCancellationRequested();
        if (wait) coming.Add(_waiting.Take(_end.Token));
        while (coming.Count < free && _waiting.TryTake(out var request))
            coming.Add(request);
        var gone = coming.FindAll(request => request.GivenUp);
        gone.ForEach(request => request.Tokens.Writer.TryComplete());
        return [.. coming.Except(gone)];
    }

    private static void Close(DecodingBatch batch, Dictionary<Decoding, Request> open, Exception? failure)
    {
        foreach (var ended in batch.TakeEnded())
            if (open.Remove(ended, out var request))
                request.Tokens.Writer.TryComplete(failure);
    }

    private void CloseAll(IEnumerable<Request> open, Exception failure)
    {
        _waiting.CompleteAdding();
        foreach (var request in open.Concat(_waiting.GetConsumingEnumerable()))
            request.Tokens.Writer.TryComplete(failure);
    }

    private sealed class Request
    {
        private readonly CancellationToken _cancel;
        private volatile bool _givenUp;

        public Request(Decoding decoding, CancellationToken cancel)
        {
            (Decoding, _cancel) = (decoding, cancel);
            decoding.Drawn = token => Tokens.Writer.TryWrite(token);
        }

        public Decoding Decoding { get; }

        /// <summary>Nobody reads it any more.</summary>
        public bool GivenUp => _givenUp || _cancel.IsCancellationRequested;

        public Channel<DrawnToken> Tokens { get; } = Channel.CreateUnbounded<DrawnToken>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

        public void GiveUp() => _givenUp = true;
    }
}

/// <summary>More requests than may wait.</summary>
public sealed class GenerationBusyException(string message) : Exception(message);
