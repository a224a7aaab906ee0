#include "core/train/activation_cache_impl.h"

#include "core/io/json_impl.h"
#include "core/random.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <regex>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr const char *formatVersion = "1";
const char *const headerFile = "header.json";
const char *const tensorName = "activations";
constexpr int64_t hashBlock = int64_t{1} << 20;       // bytes
constexpr std::chrono::minutes oldestHalfWritten{10}; // a younger one may be another program's work

fs::path cachesFolder(const Workspace &workspace) {
    return workspace.folder() / "activations";
}

std::string hex(uint64_t value) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
    return text;
}

uint64_t hashOfBlock(const std::byte *bytes, int64_t count, uint64_t seed) {
    constexpr uint64_t prime = 0x9e3779b97f4a7c15;
    std::array<uint64_t, 4> lanes{seed, seed + 1, seed + 2, seed + 3}; // independent, so that they overlap
    for (int64_t at = 0; at < count; at += 32) {
        std::array<uint64_t, 4> words{};
        std::memcpy(words.data(), bytes + at, static_cast<size_t>(std::min<int64_t>(32, count - at)));
        for (size_t i = 0; i < lanes.size(); ++i)
            lanes[i] = ((lanes[i] ^ words[i]) * prime) ^ (lanes[i] >> 29);
    }
    uint64_t hash = static_cast<uint64_t>(count);
    for (const uint64_t lane : lanes)
        hash = mixSeed(hash, lane);
    return hash;
}

/// Finds a file that was cut or changed by accident. Blocks are hashed on all threads; the number of threads changes
/// nothing.
uint64_t hashOf(std::span<const std::byte> bytes) {
    const auto size = static_cast<int64_t>(bytes.size()), blocks = (size + hashBlock - 1) / hashBlock;
    std::vector<uint64_t> hashes(static_cast<size_t>(blocks));
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < blocks; ++block)
        hashes[static_cast<size_t>(block)] =
            hashOfBlock(bytes.data() + block * hashBlock, std::min(hashBlock, size - block * hashBlock),
                        static_cast<uint64_t>(block));
    uint64_t hash = static_cast<uint64_t>(size);
    for (const uint64_t each : hashes)
        hash = mixSeed(hash, each);
    return hash;
}

std::string hashOfTokens(const TokenCache &tokens) {
    uint64_t hash = static_cast<uint64_t>(tokens.trainTokens());
    std::vector<int32_t> block;
    for (int64_t first = 0; first < tokens.trainTokens(); first += hashBlock) {
        block.resize(static_cast<size_t>(std::min(hashBlock, tokens.trainTokens() - first)));
        tokens.read(first, block);
        hash = mixSeed(hash, hashOf(std::as_bytes(std::span(block))));
    }
    return hex(hash);
}

bool holdsAll(const std::map<std::string, std::string> &metadata, const std::map<std::string, std::string> &wanted) {
    return std::includes(metadata.begin(), metadata.end(), wanted.begin(), wanted.end());
}

void makeFolder(const fs::path &folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw Error("The folder " + folder.string() + " cannot be made: " + error.message() + ".");
}

void removeHalfWritten(const fs::path &folder) {
    static const std::regex halfWritten(R"(.*\.(json|safetensors)\.\w{6})");
    const auto now = fs::file_time_type::clock::now();
    std::error_code error;
    std::vector<fs::path> found;
    for (const auto &entry : fs::directory_iterator(folder, error))
        if (std::regex_match(entry.path().filename().string(), halfWritten) &&
            now - fs::last_write_time(entry.path(), error) > oldestHalfWritten)
            found.push_back(entry.path());
    for (const fs::path &path : found)
        fs::remove(path, error); // what cannot be removed only takes room
}

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
    const auto time = fs::last_write_time(folder / headerFile, error);
    return error ? fs::file_time_type::min() : time;
}

/// Folders of activations/, the one used last first.
std::vector<fs::path> cacheFolders(const Workspace &workspace) {
    std::vector<fs::path> folders;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(cachesFolder(workspace), error))
        if (entry.is_directory(error))
            folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end(),
              [](const fs::path &a, const fs::path &b) { return lastUse(a) > lastUse(b); });
    return folders;
}

/// Removes those used longest ago until `bytes` more fit the bound.
void removeOldest(const Workspace &workspace, const fs::path &own, double bytes, double bound) {
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

std::string fileHash(const Workspace &workspace, const std::string &gptRun) {
    return sha256OfFile(workspace.gpt(gptRun) / "model.safetensors");
}

ActivationRoom roomOf(const Workspace &workspace, const TranscoderTrainingConfig &config, const GptConfig &gpt,
                      const TokenCache &tokens, const ActivationCacheFolder &cache, const ActivationLayout &layout) {
    std::error_code error;
    const fs::space_info space = fs::space(workspace.folder(), error);
    const int64_t rows = storedRows(config, gpt, tokens.trainTokens());
    return {.trainTokens = tokens.trainTokens(),
            .diskFree = error ? 0 : static_cast<int64_t>(space.available),
            .cachedBytes = cache.bytesOf(layout.piecesFor(rows))};
}
} // namespace

std::map<std::string, std::string> activationIdentity(const std::string &gptSha256, const GptConfig &gpt,
                                                      const TokenCache &tokens, const ActivationLayout &layout) {
    return {{"version", formatVersion},
            {"gpt_sha256", gptSha256},
            {"tokens", hashOfTokens(tokens)},
            {"train_tokens", std::to_string(tokens.trainTokens())},
            {"layers", std::to_string(gpt.layers)},
            {"d_model", std::to_string(gpt.dModel)},
            {"context", std::to_string(gpt.context)},
            {"rows_per_piece", std::to_string(layout.rowsPerPiece())}};
}

ActivationCacheFolder::ActivationCacheFolder(const Workspace &workspace, std::map<std::string, std::string> identity,
                                             const ActivationLayout &layout)
    : identity_(std::move(identity)), layout_(layout) {
    std::string all;
    for (const auto &[key, value] : identity_)
        all += key + "=" + value + "\n";
    folder_ = cachesFolder(workspace) / hex(hashOf(std::as_bytes(std::span(all))));
}

fs::path ActivationCacheFolder::pieceFile(int64_t piece) const {
    char name[40];
    std::snprintf(name, sizeof name, "piece_%05lld.safetensors", static_cast<long long>(piece));
    return folder_ / name;
}

int64_t ActivationCacheFolder::bytesOf(int64_t pieces) const {
    int64_t bytes = 0;
    for (int64_t piece = 0; piece < pieces; ++piece) {
        std::error_code error;
        const auto size = static_cast<int64_t>(fs::file_size(pieceFile(piece), error));
        const int64_t whole = layout_.windowsIn(piece) * layout_.context * layout_.rowValues() * int64_t{2};
        bytes += error ? 0 : std::min(size, whole);
    }
    return bytes;
}

void ActivationCacheFolder::prepare(const std::string &gptRun, const std::string &corpus) const {
    makeFolder(folder_);
    removeHalfWritten(folder_);
    OrderedJson header{{"gpt_run", gptRun}, {"corpus", corpus}, {"dtype", dtypeName(DType::BF16)}};
    header.update(OrderedJson(identity_));
    writeFileAtomically(folder_ / headerFile, writeJson(header)); // also marks it as used now
}

std::vector<int64_t> ActivationCacheFolder::shapeOf(int64_t piece) const {
    return {layout_.windowsIn(piece) * layout_.context, layout_.layers, 2, layout_.dModel};
}

std::shared_ptr<const SafetensorsFile> ActivationCacheFolder::open(int64_t piece, std::string &problem) const {
    problem.clear();
    if (!fs::exists(pieceFile(piece)))
        return nullptr;
    try {
        auto file = std::make_shared<const SafetensorsFile>(pieceFile(piece));
        auto wanted = identity_;
        wanted["piece"] = std::to_string(piece);
        const TensorView *values = file->find(tensorName);
        if (!holdsAll(file->metadata(), wanted))
            problem = "belongs to another GPT or corpus";
        else if (values == nullptr || values->dtype != DType::BF16 || values->shape != shapeOf(piece) ||
                 !holdsAll(file->metadata(), {{"checksum", hex(hashOf(values->data))}}))
            problem = "is damaged";
        return problem.empty() ? file : nullptr;
    } catch (const Error &) {
        problem = "is cut short or damaged";
        return nullptr;
    }
}

void ActivationCacheFolder::write(int64_t piece, std::span<const uint16_t> values) const {
    auto metadata = identity_;
    metadata["piece"] = std::to_string(piece);
    metadata["checksum"] = hex(hashOf(std::as_bytes(values)));
    const TensorToWrite tensor{tensorName, DType::BF16, shapeOf(piece), std::as_bytes(values)};
    makeFolder(folder_); // another run may have removed it to make room
    writeSafetensors(pieceFile(piece), std::span(&tensor, 1), metadata);
}

namespace {
/// Fills ActivationRows piece after piece.
class Filling {
public:
    Filling(const ActivationLayout &layout, const ActivationPlan &plan, ActivationPieces &compute, std::stop_token stop,
            const ProgressSink &progress)
        : layout_(layout), plan_(plan), compute_(compute), stop_(std::move(stop)), throttle_(progress),
          rows_(std::make_shared<ActivationRows>(layout, plan.rows)) {}

    void fromComputing();
    /// Returns what was made anew, "" = nothing.
    std::string fromDisk(const ActivationCacheFolder &cache);
    [[nodiscard]] std::shared_ptr<ActivationRows> rows() const { return rows_; }

private:
    std::shared_ptr<const SafetensorsFile> make(const ActivationCacheFolder &cache, int64_t piece);
    void report(const char *what, int64_t pieces) {
        const auto all = static_cast<double>(plan_.rows);
        throttle_.report({what, std::min(static_cast<double>(pieces * layout_.rowsPerPiece()), all), all, "tokens"});
    }
    ActivationLayout layout_;
    const ActivationPlan &plan_;
    ActivationPieces &compute_;
    std::stop_token stop_;
    ProgressThrottle throttle_;
    std::shared_ptr<ActivationRows> rows_;
};

void Filling::fromComputing() {
    for (int64_t piece = 0; piece < layout_.piecesFor(plan_.rows); ++piece) {
        report("Computing activations", piece);
        const int64_t windows = plan_.rows / layout_.context - piece * layout_.windowsPerPiece;
        const auto values = std::make_shared<const std::vector<uint16_t>>(compute_.compute(piece, stop_, windows));
        rows_->append(*values, values);
    }
    throttle_.finish(
        {"Computing activations", static_cast<double>(plan_.rows), static_cast<double>(plan_.rows), "tokens"});
}

std::shared_ptr<const SafetensorsFile> Filling::make(const ActivationCacheFolder &cache, int64_t piece) {
    report("Caching activations", piece);
    const std::vector<uint16_t> values = compute_.compute(piece, stop_);
    try {
        cache.write(piece, values);
    } catch (const Error &error) {
        throw Error(std::string(error.what()) +
                    " The activations cached before are kept: resume the run to go on, or train with cache set to "
                    "recompute.");
    }
    std::string problem;
    auto file = cache.open(piece, problem);
    if (!file)
        throw Error("The cached activations in " + cache.path().string() +
                    " changed while they were made. Resume the run.");
    return file;
}

std::string Filling::fromDisk(const ActivationCacheFolder &cache) {
    std::string notice;
    for (int64_t piece = 0; piece < layout_.piecesFor(plan_.rows); ++piece) {
        throwIfStopped(stop_);
        report("Checking cached activations", piece);
        std::string problem;
        std::shared_ptr<const SafetensorsFile> file = cache.open(piece, problem);
        if (!problem.empty() && notice.empty())
            notice = cache.pieceFile(piece).string() + " " + problem + " and was made anew.";
        if (!file)
            file = make(cache, piece);
        const std::span<const std::byte> bytes = file->find(tensorName)->data;
        rows_->append({reinterpret_cast<const uint16_t *>(bytes.data()), bytes.size() / sizeof(uint16_t)}, file);
    }
    throttle_.finish(
        {"Checking cached activations", static_cast<double>(plan_.rows), static_cast<double>(plan_.rows), "tokens"});
    return notice;
}
} // namespace

PreparedActivations prepareActivations(const Workspace &workspace, const TranscoderTrainingConfig &config,
                                       const std::string &gptSha256, const GptWeights<float> &gpt,
                                       const TokenCache &tokens, std::stop_token stop, const ProgressSink &progress,
                                       int64_t pieceBytes) {
    const ActivationLayout layout = ActivationLayout::of(gpt.config, tokens.trainTokens(), pieceBytes);
    const ActivationCacheFolder cache(workspace, activationIdentity(gptSha256, gpt.config, tokens, layout), layout);
    PreparedActivations prepared{
        .plan = planActivations(config, gpt.config, roomOf(workspace, config, gpt.config, tokens, cache, layout)),
        .rows = nullptr,
        .notice = {}};
    const ActivationPlan &plan = prepared.plan;
    if (!plan.possible)
        throw Error(plan.why, Error::Kind::Usage);
    if (plan.source == ActivationSource::Recompute)
        return prepared;
    ActivationPieces compute(gpt, tokens, layout);
    Filling filling(layout, plan, compute, stop, progress);
    if (plan.source == ActivationSource::Memory)
        filling.fromComputing();
    else {
        removeOldest(workspace, cache.path(), static_cast<double>(plan.bytes), config.cacheDisk * 1e9);
        cache.prepare(config.gptRun, config.corpus);
        prepared.notice = filling.fromDisk(cache);
        filling.rows()->readAhead = static_cast<double>(plan.bytes) > defaultCacheMemory() * 1e9;
    }
    prepared.rows = filling.rows();
    return prepared;
}

ActivationRoom activationRoom(const Workspace &workspace, const TranscoderTrainingConfig &config,
                              const TokenCache &tokens) {
    const GptConfig gpt = gptConfigFromJson(readFile(workspace.gpt(config.gptRun) / "config.json"));
    const ActivationLayout layout = ActivationLayout::of(gpt, tokens.trainTokens());
    const ActivationCacheFolder cache(
        workspace, activationIdentity(fileHash(workspace, config.gptRun), gpt, tokens, layout), layout);
    return roomOf(workspace, config, gpt, tokens, cache, layout);
}

std::vector<ActivationCacheInfo> activationCaches(const Workspace &workspace) {
    std::vector<ActivationCacheInfo> caches;
    for (const fs::path &folder : cacheFolders(workspace)) {
        ActivationCacheInfo &cache = caches.emplace_back();
        cache.folder = folder;
        cache.bytes = bytesIn(folder);
        try {
            const std::string what = (folder / headerFile).string();
            const Json header = readJsonObject(folder / headerFile);
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
