#include "core/text/published.h"

#include "core/text/tokenizer_tables.h"

namespace tt {

namespace fs = std::filesystem;

namespace {

const std::string tinyStoriesHome =
    "https://huggingface.co/datasets/roneneldan/TinyStories/resolve/f54c09fd23315a6f9c86f9dc80f725de7d8f9c64/";
const std::string gpt2Home = "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main/";

/// File and corpus stand side by side until the file has been imported.
void checkSpace(const fs::path &folder, int64_t bytes) {
    std::error_code error;
    const fs::space_info space = fs::space(folder, error);
    if (!error && space.available < static_cast<uintmax_t>(bytes))
        throw Error("The disk of " + folder.string() + " has " + std::to_string(space.available / 1'000'000) +
                    " MB free, but " + std::to_string(bytes / 1'000'000) +
                    " MB are needed to fetch the file and import it. Free some space first.");
}

} // namespace

const std::vector<DownloadSource> &publishedCorpora() {
    static const std::vector<DownloadSource> corpora{
        {.name = "tinystories",
         .url = tinyStoriesHome + "TinyStoriesV2-GPT4-train.txt",
         .bytes = 2'227'753'162,
         .sha256 = "6418d412de72888f52b5142c761ac21a582f7d1166f0bfbdb5f03ccfdec90443"},
        {.name = "tinystories-valid",
         .url = tinyStoriesHome + "TinyStoriesV2-GPT4-valid.txt",
         .bytes = 22'502'601,
         .sha256 = "6874bae9a4c1a4e7edcf0e53b86c17817e9cf881fc75ff2368da457b80c0585d"}};
    return corpora;
}

const DownloadSource &publishedCorpus(const std::string &name) {
    std::string names;
    for (const DownloadSource &source : publishedCorpora()) {
        if (source.name == name)
            return source;
        names += (names.empty() ? "" : ", ") + source.name;
    }
    throw Error("There is no corpus named " + name + " to download. There is: " + names + ".", Error::Kind::Usage);
}

CorpusInfo downloadCorpus(const Workspace &workspace, const DownloadSource &source, std::stop_token stop,
                          const ProgressSink &progress, const DownloadPatience &patience) {
    workspace.requireWritable();
    if (fs::exists(workspace.corpusInfo(source.name)))
        throw Error("There is a corpus named " + source.name + " already. Delete it to download it again.",
                    Error::Kind::Usage);
    const int64_t here = std::max<int64_t>(0, downloadedBytes(source, workspace.downloads()));
    checkSpace(workspace.folder(), 2 * source.bytes - here);
    const fs::path file = download(source, workspace.downloads(), stop, progress, patience);
    CorpusInfo info = importCorpus(workspace, source.name, {file}, std::move(stop), progress, "download");
    discardDownload(source, workspace.downloads());
    return info;
}

const std::vector<DownloadSource> &publishedGpt2Files() {
    static const std::vector<DownloadSource> files{{.name = "vocab.bpe",
                                                    .url = gpt2Home + "vocab.bpe",
                                                    .bytes = 456'318,
                                                    .sha256 = std::string(gpt2VocabBpeSha256)},
                                                   {.name = "encoder.json",
                                                    .url = gpt2Home + "encoder.json",
                                                    .bytes = 1'042'301,
                                                    .sha256 = std::string(gpt2EncoderSha256)}};
    return files;
}

std::string downloadGpt2Tokenizer(const Workspace &workspace, const std::vector<DownloadSource> &files,
                                  std::stop_token stop, const ProgressSink &progress,
                                  const DownloadPatience &patience) {
    workspace.requireWritable();
    const fs::path folder = workspace.downloads() / "gpt2";
    for (const DownloadSource &file : files)
        download(file, folder, stop, progress, patience);
    const Tokenizer tokenizer = Tokenizer::gpt2(folder);
    std::string id = freeName("gpt2", workspace.tokenizers());
    tokenizer.save(workspace.tokenizer(id));
    for (const DownloadSource &file : files)
        discardDownload(file, folder);
    return id;
}

} // namespace tt
