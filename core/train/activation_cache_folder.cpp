#include "core/io/json_impl.h"
#include "core/random.h"
#include "core/train/activation_cache_impl.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr const char *formatVersion = "1";
constexpr int64_t hashBlock = int64_t{1} << 20;       // bytes
constexpr std::chrono::minutes oldestHalfWritten{10}; // a younger one may be another program's work

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
        all.append(key).append("=").append(value).append("\n");
    folder_ = workspace.activations() / hex(hashOf(std::as_bytes(std::span(all))));
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
    removeHalfWritten(folder_, oldestHalfWritten);
    OrderedJson header{{"gpt_run", gptRun}, {"corpus", corpus}, {"dtype", dtypeName(DType::BF16)}};
    header.update(OrderedJson(identity_));
    writeFileAtomically(folder_ / activationHeader, writeJson(header)); // also marks it as used now
}

std::vector<int64_t> ActivationCacheFolder::shapeOf(int64_t piece) const {
    return {layout_.windowsIn(piece) * layout_.context, layout_.layers, 2, layout_.dModel};
}

std::shared_ptr<const SafetensorsFile> ActivationCacheFolder::open(int64_t piece, std::string &problem) const {
    problem.clear();
    std::error_code error;
    if (!fs::exists(pieceFile(piece), error) && !error)
        return nullptr;
    try {
        auto file = std::make_shared<const SafetensorsFile>(pieceFile(piece));
        auto wanted = identity_;
        wanted["piece"] = std::to_string(piece);
        const TensorView *values = file->find(activationTensor);
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
    const TensorToWrite tensor{activationTensor, DType::BF16, shapeOf(piece), std::as_bytes(values)};
    makeFolder(folder_); // another run may have removed it to make room
    writeSafetensors(pieceFile(piece), std::span(&tensor, 1), metadata);
}

} // namespace tt
