using System.Runtime.InteropServices;
using static SpinStudio.Engine.Tables.DuckDbNative;

namespace SpinStudio.Engine.Tables;

/// <summary>
/// An in-memory DuckDB that may touch the files it is given and nothing else: no other file, no network, no extension, bounded memory. Files are hostile until read,
/// so it belongs into a process that may die.
/// </summary>
internal sealed unsafe class DuckDb : IDisposable
{
    private const string MemoryLimit = "1GB";

    private readonly CancellationTokenRegistration _cancel;
    private nint _database, _connection;

    /// <param name="files">The only files that queries may name.</param>
    public DuckDb(IEnumerable<string> files, CancellationToken cancellation = default)
    {
        if (duckdb_open(null, out _database) != Success || duckdb_connect(_database, out _connection) != Success)
            throw new InvalidOperationException("DuckDB does not start");
        Execute($"SET memory_limit = '{MemoryLimit}'");
        Execute("SET threads = 1");
        Execute("SET autoinstall_known_extensions = false");
        Execute("SET autoload_known_extensions = false");
        Execute($"SET allowed_paths = [{string.Join(", ", files.Select(Quoted))}]");
        Execute("SET enable_external_access = false");
        Execute("SET lock_configuration = true");
        _cancel = cancellation.Register(() => duckdb_interrupt(_connection));
    }

    /// <summary>A text as an SQL literal.</summary>
    public static string Quoted(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <exception cref="BadInputException">DuckDB refuses; its reason in one line.</exception>
    public void Execute(string sql)
    {
        Result result;
        var state = duckdb_query(_connection, sql, &result);
        var error = state == Success ? null : Text(duckdb_result_error(&result));
        duckdb_destroy_result(&result);
        if (error is not null)
            throw Refusal(error);
    }

    /// <summary>The first column of a query as UTF-8, row by row, as DuckDB makes them.</summary>
    /// <param name="sql">Its first column must be VARCHAR and never null.</param>
    public IEnumerable<ReadOnlyMemory<byte>> Texts(string sql)
    {
        using var rows = new Stream(this, sql);
        while (rows.Next() is { } texts)
            foreach (var text in texts)
                yield return text;
    }

    public void Dispose()
    {
        _cancel.Dispose();
        duckdb_disconnect(ref _connection);
        duckdb_close(ref _database);
    }

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? "no reason told";

    /// <summary>The first line says what is wrong; the rest is advice for people who write SQL.</summary>
    private static BadInputException Refusal(string error) => new(error.Split('\n')[0].Trim());

    /// <summary>A query under way, a chunk (of at most 2,048 rows) at a time.</summary>
    private sealed class Stream : IDisposable
    {
        private const int InlineLength = 12;

        private nint _statement;
        private Result _result;

        public Stream(DuckDb database, string sql)
        {
            if (duckdb_prepare(database._connection, sql, out _statement) != Success)
            {
                var error = Text(duckdb_prepare_error(_statement));
                duckdb_destroy_prepare(ref _statement);
                throw Refusal(error);
            }
            fixed (Result* result = &_result)
                if (duckdb_execute_prepared_streaming(_statement, result) != Success)
                {
                    var error = Text(duckdb_result_error(result));
                    Dispose();
                    throw Refusal(error);
                }
        }

        /// <summary>Null at the end.</summary>
        public List<ReadOnlyMemory<byte>>? Next()
        {
            var chunk = duckdb_fetch_chunk(_result);
            if (chunk == 0)
            {
                fixed (Result* result = &_result)
                    if (duckdb_result_error(result) is var error && error != 0)
                        throw Refusal(Text(error));
                return null;
            }
            try
            {
                var texts = new List<ReadOnlyMemory<byte>>();
                var data = (byte*)duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
                for (var row = 0UL; row < duckdb_data_chunk_get_size(chunk); row++)
                    texts.Add(StringAt(data + (row * 16)));
                return texts;
            }
            finally
            {
                duckdb_destroy_data_chunk(ref chunk);
            }
        }

        public void Dispose()
        {
            fixed (Result* result = &_result)
                duckdb_destroy_result(result);
            duckdb_destroy_prepare(ref _statement);
        }

        /// <summary>duckdb_string_t: a length of 4 bytes, then up to 12 bytes of text, or 4 bytes of prefix and a pointer.</summary>
        private static byte[] StringAt(byte* at)
        {
            var length = *(int*)at;
            return new ReadOnlySpan<byte>(length <= InlineLength ? at + 4 : *(byte**)(at + 8), length).ToArray();
        }
    }
}
