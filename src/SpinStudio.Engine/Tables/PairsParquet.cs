namespace SpinStudio.Engine.Tables;

/// <summary>
/// The pairs of an iteration in the official SPIN layout, so that others' SPIN tools read them: a Parquet file with the columns <c>real</c> and <c>generated</c>, each a list
/// of messages {role, content}: the prompt, and the human or the opponent's answer. A system message, where there is one, comes first in both.
/// </summary>
public static class PairsParquet
{
    /// <param name="pairs">A <c>pairs.jsonl</c>.</param>
    /// <param name="target">Appears whole or not at all.</param>
    /// <exception cref="BadInputException">The pairs cannot be read.</exception>
    public static void Write(string pairs, string target, CancellationToken cancellation = default)
    {
        var (source, partial) = (Path.GetFullPath(pairs), Path.GetFullPath(target) + ".partial");
        try
        {
            using (var database = new DuckDb([source, partial], cancellation))
                database.Execute($$"""
                    COPY (
                        SELECT {{Messages("real")}} AS real, {{Messages("generated")}} AS generated
                        FROM read_json({{DuckDb.Quoted(source)}}, format = 'newline_delimited',
                            columns = {prompt: 'VARCHAR', system: 'VARCHAR', real: 'VARCHAR', generated: 'VARCHAR'})
                    ) TO {{DuckDb.Quoted(partial)}} (FORMAT parquet, COMPRESSION zstd)
                    """);
            File.Move(partial, target, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static string Messages(string answer) =>
        "CASE WHEN system IS NULL THEN [] ELSE [{role: 'system', content: system}] END || " + $"[{{role: 'user', content: prompt}}, {{role: 'assistant', content: {answer}}}]";
}
