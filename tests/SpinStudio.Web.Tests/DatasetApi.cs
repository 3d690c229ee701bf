using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace SpinStudio.Web.Tests;

/// <summary>Requests about datasets that several tests make.</summary>
internal static class DatasetApi
{
    public static Task<Guid> UploadAsync(this Browser browser, string name, string text) => browser.UploadAsync(name, Encoding.UTF8.GetBytes(text));

    public static async Task<Guid> UploadAsync(this Browser browser, string name, byte[] bytes)
    {
        var created = await ReadAsync(await browser.PostAsync("/api/v1/uploads", new { file_name = name, length = bytes.Length }));
        var id = created.GetProperty("id").GetGuid();
        await ReadAsync(await browser.SendAsync(HttpMethod.Put, $"/api/v1/uploads/{id}?offset=0", new ByteArrayContent(bytes)));
        return id;
    }

    public static async Task<JsonElement> ImportAsync(this Browser browser, string name, params (string File, string Text)[] files)
    {
        var uploads = new List<Guid>();
        foreach (var (file, text) in files)
            uploads.Add(await browser.UploadAsync(file, text));
        return await ReadAsync(await browser.PostAsync("/api/v1/datasets", new { upload_ids = uploads, name }));
    }

    public static async Task<JsonElement> DeriveAsync(this Browser browser, string dataset, object request) =>
        await ReadAsync(await browser.PostAsync($"/api/v1/datasets/{dataset}/derive", request));

    /// <summary>Statistics when they are computed.</summary>
    public static async Task<JsonElement> StatisticsAsync(this Browser browser, string path)
    {
        for (var i = 0; i < 300; i++)
        {
            var report = await browser.GetJsonAsync(path);
            if (!report.TryGetProperty("progress", out _))
                return report;
            await Task.Delay(50);
        }

        throw new TimeoutException(path);
    }

    public static string Id(this JsonElement dataset) => dataset.GetProperty("id").GetString()!;

    public static string Rows(int count, Func<int, (string Prompt, string Response)> row) =>
        string.Concat(Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(new { prompt = row(i).Prompt, response = row(i).Response }) + "\n"));

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
