namespace SpinStudio.Engine.Tokenization;

/// <summary>Rewrites a text before it is cut into pieces.</summary>
internal abstract class Normalizer
{
    /// <summary>Leaves the text as it is.</summary>
    public static Normalizer None { get; } = new Sequence([]);

    public abstract string Normalize(string text);

    /// <summary>Only what changes how a character is written, not what is put around it or instead of it.</summary>
    public virtual string Form(string text) => text;

    /// <summary>Everything but what is put before the text.</summary>
    public virtual string WithoutPrefix(string text) => Normalize(text);

    /// <summary>A text may become longer or shorter, apart from its form and what is put before it.</summary>
    public virtual bool ChangesLength => false;

    /// <summary>One after the other.</summary>
    public sealed class Sequence(IReadOnlyList<Normalizer> steps) : Normalizer
    {
        public override string Normalize(string text) => steps.Aggregate(text, (current, step) => step.Normalize(current));

        public override string Form(string text) => steps.Aggregate(text, (current, step) => step.Form(current));

        public override string WithoutPrefix(string text) => steps.Aggregate(text, (current, step) => step.WithoutPrefix(current));

        public override bool ChangesLength => steps.Any(step => step.ChangesLength);
    }

    /// <summary>Unicode's form C.</summary>
    public sealed class FormC : Normalizer
    {
        public override string Normalize(string text) => Nfc.Normalize(text);

        public override string Form(string text) => Nfc.Normalize(text);
    }

    /// <summary>Puts something before every text that is not empty.</summary>
    public sealed class Prepend(string prefix) : Normalizer
    {
        public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;

        public override string WithoutPrefix(string text) => text;
    }

    /// <summary>Replaces every occurrence of a string, left to right.</summary>
    public sealed class Replace(string old, string with) : Normalizer
    {
        public override string Normalize(string text) => text.Replace(old, with, StringComparison.Ordinal);

        public override bool ChangesLength => old.Length != with.Length;
    }
}
