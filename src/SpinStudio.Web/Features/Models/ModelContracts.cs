using SpinStudio.Data;

namespace SpinStudio.Web.Features.Models;

/// <param name="Origin">How it came to be here.</param>
/// <param name="Source">For people: file names, repository and commit, or run and iteration; null for what is bundled or made by a run.</param>
/// <param name="RunId">The run that made it, or whose iteration was promoted; null when there was none.</param>
/// <param name="Iteration">The iteration of that run.</param>
/// <param name="ParentId">The model which that run started from; of a promoted one, the iteration's model.</param>
public sealed record ModelSummary(
    Guid Id, string Name, string Architecture, long Parameters, long Bytes, string Sha256, bool Bundled, Guid? ParentId, string? ParentName,
    Guid? RunId, string? RunName, int? Iteration, DateTimeOffset CreatedAt, ModelOrigin Origin, string? Source, string? License, string? Note, string? AddedBy)
{
    /// <summary>Bundled and run-made models belong to the installation and to their run.</summary>
    public bool OwnFolder => Origin is ModelOrigin.Uploaded or ModelOrigin.Hub or ModelOrigin.Promoted;
}

/// <summary>What lists are sorted by.</summary>
public enum ModelOrder
{
    Newest,
    Oldest,
    Name,
    Largest,
}

/// <summary>A model made of uploads: one zip, or the files of a folder.</summary>
public sealed record NewModel(string Name, IReadOnlyList<Guid> UploadIds, string? Note = null);

/// <param name="Ignored">Files that do not belong to a model and were left out.</param>
public sealed record ModelAdded(ModelSummary Model, IReadOnlyList<string> Ignored);

/// <summary>What may be changed; null leaves it as it is, an empty note removes it.</summary>
public sealed record ModelChange(string? Name = null, string? Note = null);

/// <summary>A name for an iteration's model.</summary>
public sealed record Promotion(string Name, string? Note = null);

/// <summary>The card of a model. What its files say, and whether they can be used.</summary>
/// <param name="Problem">Why it cannot be used; the other parts are missing then.</param>
public sealed record ModelDetail(
    ModelSummary Model, string? Problem, ModelShape? Shape, TokenizerFacts? Tokenizer, ModelMemory? Memory, IReadOnlyList<ModelFile> Files, IReadOnlyList<ModelReference> UsedBy, IReadOnlyList<ModelReference> PromotedAs,
    GgufOffer? Gguf)
{
    /// <summary>Of the LoRA adapter that the model's run left beside it; null: there is none.</summary>
    public long? AdapterBytes { get; init; }
}

/// <summary>Whether llama.cpp's format can be written.</summary>
/// <param name="Problem">Why not; null when it can.</param>
/// <param name="Bytes">Of the file, by type.</param>
public sealed record GgufOffer(string? Problem, IReadOnlyDictionary<string, long> Bytes);

/// <param name="MaxPositions">Longest sequence, in tokens.</param>
/// <param name="Dtypes">As stored.</param>
public sealed record ModelShape(int Layers, int Hidden, int Intermediate, int Heads, int KeyValueHeads, int HeadDim, int Vocabulary, int MaxPositions, string Positions, bool TiedHead, IReadOnlyList<string> Dtypes);

/// <param name="Template">own, chatml or plain.</param>
/// <param name="StopTokens">As they are spelt; the first is the one that training appends.</param>
public sealed record TokenizerFacts(string Kind, int Tokens, int ControlTokens, string? Bos, string? Eos, string? Pad, IReadOnlyList<string> StopTokens, string Template, string TemplateSource);

/// <summary>Bytes, for 64 answers of <paramref name="Length"/> tokens at once and for training all weights.</summary>
public sealed record ModelMemory(long Generate, int Answers, int Length, long Train, long TrainAdamW);

/// <summary>A run or a model by its name.</summary>
public sealed record ModelReference(Guid Id, string Name);

/// <summary>A conversation to look at as the model sees it.</summary>
/// <param name="Messages">Roles system, user and assistant. When the last is the assistant's, it is the trained answer.</param>
public sealed record TemplatePreviewRequest(IReadOnlyList<PreviewMessage> Messages);

public sealed record PreviewMessage(string Role, string Content);

/// <param name="Text">Everything that is fed, control tokens written out.</param>
public sealed record TemplatePreview(string Text, IReadOnlyList<TokenChip> Tokens, int PromptTokens, int TrainedTokens, IReadOnlyList<PreviewCheck> Checks);

/// <param name="Text">What it stands for; null when its bytes are no whole characters.</param>
/// <param name="Bytes">In hex.</param>
/// <param name="Trained">Part of the answer that is learnt.</param>
public sealed record TokenChip(int Id, string? Text, string Bytes, bool Special, bool Trained);

public sealed record PreviewCheck(bool Good, string Words);
