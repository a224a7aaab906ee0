#include "core/io/json_impl.h"
#include "core/train/activation_cache_impl.h"

#include <algorithm>

namespace tt {

namespace fs = std::filesystem;

namespace {
int64_t bytesIn(const fs::path &folder) {
    int64_t bytes = 0;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(folder, error))
        bytes += static_cast<int64_t>(entry.file_size(error));
    return bytes;
}

int64_t piecesIn(const fs::path &folder) {
    int64_t pieces = 0;
    for (const auto &entry : fs::directory_iterator(folder))
        pieces += entry.path().extension() == ".safetensors" ? 1 : 0;
    return pieces;
}

fs::file_time_type lastUse(const fs::path &folder) {
    std::error_code error;
    const auto time = fs::last_write_time(folder / activationHeader, error);
    return error ? fs::file_time_type::min() : time;
}

/// Folders of activations/, the one used last first.
std::vector<fs::path> cacheFolders(const Workspace &workspace) {
    std::vector<fs::path> folders;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(workspace.activations(), error))
        if (entry.is_directory(error))
            folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end(),
              [](const fs::path &a, const fs::path &b) { return lastUse(a) > lastUse(b); });
    return folders;
}

std::string fileHash(const Workspace &workspace, const std::string &gptRun) {
    return sha256OfFile(workspace.gpt(gptRun) / "model.safetensors");
}
} // namespace

void removeOldestCaches(const Workspace &workspace, const fs::path &own, double bytes, double bound) {
    std::vector<fs::path> others = cacheFolders(workspace);
    std::erase(others, own);
    for (const fs::path &folder : others)
        bytes += static_cast<double>(bytesIn(folder));
    for (auto oldest = others.rbegin(); oldest != others.rend() && bytes > bound; ++oldest) {
        bytes -= static_cast<double>(bytesIn(*oldest));
        std::error_code error;
        fs::remove_all(*oldest, error);
    }
}

ActivationRoom activationRoom(const Workspace &workspace, const TranscoderTrainingConfig &config, const GptConfig &gpt,
                              const TokenCache &tokens, const ActivationCacheFolder &cache,
                              const ActivationLayout &layout) {
    std::error_code error;
    const fs::space_info space = fs::space(workspace.folder(), error);
    const int64_t rows = storedRows(config, gpt, tokens.trainTokens());
    return {.trainTokens = tokens.trainTokens(),
            .diskFree = error ? 0 : static_cast<int64_t>(space.available),
            .cachedBytes = cache.bytesOf(layout.piecesFor(rows))};
}

ActivationRoom activationRoom(const Workspace &workspace, const TranscoderTrainingConfig &config,
                              const TokenCache &tokens) {
    const GptConfig gpt = gptConfigFromJson(readFile(workspace.gpt(config.gptRun) / "config.json"));
    const ActivationLayout layout = ActivationLayout::of(gpt, tokens.trainTokens());
    const ActivationCacheFolder cache(
        workspace, activationIdentity(fileHash(workspace, config.gptRun), gpt, tokens, layout), layout);
    return activationRoom(workspace, config, gpt, tokens, cache, layout);
}

std::vector<ActivationCacheInfo> activationCaches(const Workspace &workspace) {
    std::vector<ActivationCacheInfo> caches;
    for (const fs::path &folder : cacheFolders(workspace)) {
        ActivationCacheInfo &cache = caches.emplace_back();
        cache.folder = folder;
        cache.bytes = bytesIn(folder);
        try {
            const std::string what = (folder / activationHeader).string();
            const Json header = readJsonObject(folder / activationHeader);
            cache.gptRun = member<std::string>(header, "gpt_run", what);
            cache.corpus = member<std::string>(header, "corpus", what);
            const auto number = [&](const char *key) { return std::stoll(member<std::string>(header, key, what)); };
            cache.rows = std::min<int64_t>(piecesIn(folder) * number("rows_per_piece"), number("train_tokens"));
            cache.current = member<std::string>(header, "gpt_sha256", what) == fileHash(workspace, cache.gptRun);
        } catch (const std::exception &) {
            cache.current = false; // no header, or no such GPT any more: it can only be removed
        }
    }
    return caches;
}

void removeActivationCache(const ActivationCacheInfo &cache) {
    std::error_code error;
    fs::remove_all(cache.folder, error);
    if (error)
        throw Error("The cached activations in " + cache.folder.string() + " cannot be removed: " + error.message() +
                    ".");
}

} // namespace tt
