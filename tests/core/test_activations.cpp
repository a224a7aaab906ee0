#include "core/train/activation_cache_impl.h"
#include "core/train/activation_stream_impl.h"
#include "small_activations.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

#include <cstring>

using namespace tt;
using namespace tt::test;
namespace fs = std::filesystem;

namespace {

std::vector<float> all(std::span<const float> values) {
    return {values.begin(), values.end()};
}

/// Inputs and targets of both layers of the first batches, one after the other.
std::vector<float> batches(ActivationStream &stream, int64_t count) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i)
        for (const LayerBatch &layer : stream.batch(i))
            for (const std::span<const float> part : {layer.input, layer.target})
                values.insert(values.end(), part.begin(), part.end());
    return values;
}

/// The files' contents and the inodes that hold them: a file that was written anew has another.
std::vector<std::pair<std::string, ino_t>> states(const std::vector<fs::path> &files) {
    std::vector<std::pair<std::string, ino_t>> result;
    for (const fs::path &file : files) {
        struct stat status {};
        ::stat(file.c_str(), &status);
        result.emplace_back(readFile(file), status.st_ino);
    }
    return result;
}

void overwrite(const fs::path &file, size_t at, char byte) {
    std::string bytes = readFile(file);
    bytes[at] = static_cast<char>(bytes[at] ^ byte);
    writeFileAtomically(file, bytes);
}

} // namespace

class TestActivations : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void activations_go_where_they_fit_data();
    void activations_go_where_they_fit();
    void a_plan_counts_what_the_run_looks_at();
    void every_epoch_visits_each_row_once();
    void stored_rows_are_the_gpts_activations();
    void rounded_products_are_near_the_exact_ones();
    void memory_and_disk_give_the_same_batches();
    void recomputed_activations_have_the_same_distribution();
    void a_cache_is_used_again_and_grows();
    void a_cache_of_another_gpt_is_not_used();
    void a_damaged_piece_is_made_anew_data();
    void a_damaged_piece_is_made_anew();
    void caches_used_longest_ago_make_room();

private:
    PreparedActivations prepare(const TranscoderTrainingConfig &config, const std::string &sha256 = "a") const {
        return prepareActivations(*workspace_, config, sha256, gpt_, tokens_, {}, {}, smallPiece);
    }
    const GptWeights<float> gpt_ = smallGpt();
    const TokenCache tokens_ = smallTokens();
    std::unique_ptr<QTemporaryDir> folder_;
    std::optional<Workspace> workspace_;
};

void TestActivations::init() {
    folder_ = std::make_unique<QTemporaryDir>();
    workspace_ = Workspace::openOrCreate(fs::path(folder_->path().toStdString()) / "w");
}

void TestActivations::activations_go_where_they_fit_data() {
    QTest::addColumn<QString>("cache");
    QTest::addColumn<double>("memory");
    QTest::addColumn<double>("disk");
    QTest::addColumn<double>("free");
    QTest::addColumn<double>("cached");
    QTest::addColumn<QString>("source");
    QTest::addColumn<bool>("possible");
    QTest::addColumn<QString>("says");
    // 1,000,000 tokens in windows of 128 are 7812 windows, 999,936 tokens; 2 layers of width 256 take 2048 bytes each.
    const auto row = [](const char *name, const char *cache, double memory, double disk, double free, double cached,
                        const char *source, bool possible, const char *says) {
        QTest::newRow(name) << cache << memory << disk << free << cached << source << possible << says;
    };
    row("memory first", "auto", 2.05, 20, 50, 0, "memory", true, "2.0 GB of the 2.0 GB");
    row("then disk", "auto", 2.04, 20, 50, 0, "disk", true, "2.0 GB of the 20 GB");
    row("a gigabyte stays free", "auto", 1, 20, 3.0, 0, "recompute", true, "3.0 GB free");
    row("beyond the disk's bound", "auto", 1, 2, 50, 0, "recompute", true, "2.0 GB allowed");
    row("there already", "auto", 50, 20, 0.5, 2.047868928, "disk", true, "there already");
    row("half of it there", "auto", 1, 20, 2.1, 1.0, "disk", true, "1.0 GB of them are there");
    row("half of it there, no room", "auto", 1, 20, 2.0, 1.0, "recompute", true, "2.0 GB free");
    row("as asked: memory", "memory", 3, 0, 0, 0, "memory", true, "in memory");
    row("as asked: too large for memory", "memory", 2, 20, 50, 0, "memory", false, "Raise cache_memory");
    row("as asked: disk", "disk", 50, 20, 50, 0, "disk", true, "on disk");
    row("as asked: beyond the bound", "disk", 50, 2, 50, 0, "disk", false, "Raise cache_disk");
    row("as asked: full", "disk", 50, 20, 3, 0, "disk", false, "Free some space");
    row("as asked: recompute", "recompute", 50, 20, 50, 2.047868928, "recompute", true, "as the run goes");
}

void TestActivations::activations_go_where_they_fit() {
    QFETCH(QString, cache);
    QFETCH(double, memory);
    QFETCH(double, disk);
    QFETCH(double, free);
    QFETCH(double, cached);
    QFETCH(QString, source);
    QFETCH(bool, possible);
    QFETCH(QString, says);
    TranscoderTrainingConfig config{.steps = 1000, .batch = 4096, .cacheMemory = memory, .cacheDisk = disk};
    config.set("cache", cache.toStdString());
    const GptConfig gpt{.dModel = 256, .layers = 2, .context = 128};
    const ActivationPlan plan = planActivations(config, gpt,
                                                {.trainTokens = 1'000'000,
                                                 .diskFree = static_cast<int64_t>(free * 1e9),
                                                 .cachedBytes = static_cast<int64_t>(cached * 1e9)});
    QCOMPARE(QString::fromStdString(toString(plan.source)), source);
    QCOMPARE(plan.possible, possible);
    QVERIFY2(mentions(plan.why, says.toStdString()), plan.why.c_str());
    if (source == "recompute") // 16 batches of 4096 tokens, 2 layers · 256 · 2 floats, are the 256 MB it may take
        QCOMPARE(plan.bytes, int64_t{256} << 20);
    else
        QVERIFY(plan.rows == 999'936 && plan.bytes == 2'047'868'928);
}

void TestActivations::a_plan_counts_what_the_run_looks_at() {
    TranscoderTrainingConfig config{.steps = 10, .batch = 1000};
    const GptConfig gpt{.dModel = 16, .layers = 3, .context = 64};
    QCOMPARE(planActivations(config, gpt, {.trainTokens = 1'000'000}).rows, int64_t{157} * 64); // 10,000 tokens
    QCOMPARE(planActivations(config, gpt, {}).rows, int64_t{157} * 64);
    config.steps = 10'000'000;
    config.batch = 1 << 20;
    const ActivationPlan plan = planActivations(config, {.dModel = 16'384, .layers = 64, .context = 1024}, {});
    QVERIFY(plan.source == ActivationSource::Recompute && plan.bytes > 0);
}

void TestActivations::every_epoch_visits_each_row_once() {
    for (const int64_t rows : {1, 2, 3, 16, 17, 1000, 4097}) {
        const RowShuffle shuffle(rows, 5), other(rows, 6);
        std::vector<std::vector<int64_t>> epochs;
        for (int64_t epoch = 0; epoch < 3; ++epoch) {
            std::vector<int64_t> &order = epochs.emplace_back();
            for (int64_t i = 0; i < rows; ++i)
                order.push_back(shuffle(epoch * rows + i));
            const std::set<int64_t> distinct(order.begin(), order.end());
            QVERIFY(static_cast<int64_t>(distinct.size()) == rows && *distinct.begin() == 0 &&
                    *distinct.rbegin() == rows - 1);
        }
        if (rows < 1000)
            continue;
        QVERIFY(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
        int64_t same = 0, inOrder = 0;
        double distance = 0;
        for (int64_t i = 1; i < rows; ++i) {
            const auto at = static_cast<size_t>(i);
            same += epochs[0][at] == other(i) ? 1 : 0;
            inOrder += epochs[0][at] == epochs[0][at - 1] + 1 ? 1 : 0;
            distance += static_cast<double>(std::abs(epochs[0][at] - epochs[0][at - 1])) / static_cast<double>(rows);
        }
        QVERIFY(same < 10 && inOrder < 10);                                       // about 1 each by chance
        QVERIFY(std::abs(distance / static_cast<double>(rows) - 1.0 / 3) < 0.03); // of two uniform draws
    }
}

void TestActivations::stored_rows_are_the_gpts_activations() {
    auto config = smallTranscoder("g", 1000);
    config.cache = ActivationSource::Memory;
    const auto prepared = prepare(config);
    QCOMPARE(prepared.rows->rows(), int64_t{2048});
    WindowSampler sampler(tokens_, 16, 0); // every window of the corpus, once
    GptActivations<float> activations;
    for (int64_t window = 0; window < 2048 / 16; ++window) {
        std::vector<int32_t> ids(16);
        sampler.read(window, ids);
        forward<float>(gpt_, ids, 1, activations);
        for (int64_t r = 0; r < 16; ++r)
            for (int64_t layer = 0; layer < 2; ++layer)
                for (int64_t i = 0; i < 64; ++i) {
                    const auto &block = activations.blocks[static_cast<size_t>(layer)];
                    const auto at = static_cast<size_t>(r * 32 + i % 32);
                    const float exact = i < 32 ? block.ln2[at] : block.mlpOutput[at];
                    const float stored = fromBfloat16(prepared.rows->row(window * 16 + r)[layer * 64 + i]);
                    QVERIFY(std::abs(stored - exact) <= std::abs(exact) / 256 + 1e-6f); // 8 bits of mantissa
                }
    }
}

void TestActivations::rounded_products_are_near_the_exact_ones() {
    std::vector<int32_t> ids(32);
    WindowSampler sampler(tokens_, 16, 0);
    sampler.read(0, std::span(ids).first(16));
    sampler.read(1, std::span(ids).last(16));
    GptActivations<float> exact, rounded;
    forward<float>(gpt_, ids, 2, exact);
    RoundedProducts products(gpt_);
    for (int again = 0; again < 2; ++again) { // buffers are used again
        forward(gpt_, products, ids, 2, rounded, gpt_.config.layers);
        for (size_t layer = 0; layer < 2; ++layer)
            for (const auto part : {&BlockActivations<float>::ln2, &BlockActivations<float>::mlpOutput}) {
                const std::vector<float> &a = exact.blocks[layer].*part, &b = rounded.blocks[layer].*part;
                QCOMPARE(a.size(), b.size());
                double error = 0, square = 0;
                for (size_t i = 0; i < a.size(); ++i) {
                    error += std::pow(static_cast<double>(a[i] - b[i]), 2);
                    square += std::pow(static_cast<double>(a[i]), 2);
                }
                // A product's factors round by at most 2^-9 each; the errors are independent, so norms add as squares
                // do, over the six products on the way to the last output.
                QVERIFY2(std::sqrt(error / square) < std::sqrt(6 * 2) / 512,
                         qPrintable(QString::number(std::sqrt(error / square))));
                QVERIFY(error > 0);
            }
    }
}

void TestActivations::memory_and_disk_give_the_same_batches() {
    auto config = smallTranscoder("g", 200); // more than three epochs
    std::vector<std::vector<float>> values;
    for (const auto source : {ActivationSource::Memory, ActivationSource::Disk}) {
        config.cache = source;
        const auto prepared = prepare(config);
        QVERIFY(prepared.plan.source == source);
        ActivationStream stream(gpt_, tokens_, config.batch, config.seed, false);
        const std::vector<float> first = all(stream.firstBuffer()[0].input);
        stream.drawFrom(prepared.rows);
        std::vector<Normalisation> in(2), out(2);
        for (size_t layer = 0; layer < 2; ++layer) {
            in[layer] = {.mean = std::vector<float>(32, 0.5f), .scale = 2};
            out[layer] = {.mean = std::vector<float>(32, -1.0f), .scale = 0.5f};
        }
        const std::vector<float> raw = all(stream.batch(3)[1].target);
        stream.setNormalisations(in, out);
        const std::vector<float> normalised = all(stream.batch(3)[1].target);
        for (size_t i = 0; i < raw.size(); ++i)
            QVERIFY(std::abs(normalised[i] - (raw[i] + 1) / 0.5f) < 1e-5f);
        values.push_back(batches(stream, config.steps));
        QVERIFY(first.size() == 16 * 32 * 32);
    }
    QVERIFY(pieceFiles(workspace_->folder()).size() > 10);
    QVERIFY(values[0] == values[1]);
    ActivationStream other(gpt_, tokens_, config.batch, config.seed + 1, false);
    other.drawFrom(prepare(config).rows);
    QVERIFY(batches(other, 2) != std::vector<float>(values[0].begin(), values[0].begin() + 2 * 32 * 32 * 4));
}

void TestActivations::recomputed_activations_have_the_same_distribution() {
    auto config = smallTranscoder("g", 64); // 64 · 32 = 2048 rows: one epoch of the same windows
    config.cache = ActivationSource::Memory;
    ActivationStream recomputed(gpt_, tokens_, config.batch, config.seed, false),
        stored(gpt_, tokens_, config.batch, config.seed, false);
    stored.drawFrom(prepare(config).rows);
    const auto moments = [&](ActivationStream &stream) {
        std::vector<double> sums(2 * 4 * 32);
        const std::vector<float> values = batches(stream, config.steps);
        for (size_t i = 0; i < values.size(); ++i) {
            const size_t layerAndPart = i / (32 * 32) % 4, dimension = i % 32;
            sums[layerAndPart * 32 + dimension] += static_cast<double>(values[i]) / 2048;
            sums[(4 + layerAndPart) * 32 + dimension] += std::pow(static_cast<double>(values[i]), 2) / 2048;
        }
        return sums;
    };
    const auto a = moments(recomputed), b = moments(stored);
    for (size_t i = 0; i < a.size(); ++i)
        QVERIFY(std::abs(a[i] - b[i]) < 2e-3 * std::max(1.0, std::abs(a[i])));
}

void TestActivations::a_cache_is_used_again_and_grows() {
    auto config = smallTranscoder("g", 20); // 640 rows
    config.cache = ActivationSource::Disk;
    prepare(config);
    const auto files = pieceFiles(workspace_->folder());
    const auto before = states(files);
    QCOMPARE(files.size(), size_t{10}); // 640 rows of 256 bytes, 16 KB a piece

    config.seed = 99;
    config.steps = 15;
    const auto again = prepare(config);
    QVERIFY(states(files) == before && again.rows->rows() == 480);
    QVERIFY(mentions(again.plan.why, "there already"));

    config.steps = 1000; // now the whole corpus
    QCOMPARE(prepare(config).rows->rows(), int64_t{2048});
    QVERIFY(states(files) == before && pieceFiles(workspace_->folder()).size() == 32);
    const auto caches = activationCaches(*workspace_);
    QVERIFY(caches.size() == 1 && caches[0].rows == 2048 && caches[0].gptRun == "g" && !caches[0].current);
    QVERIFY(caches[0].bytes >= 2048 * 256);
    removeActivationCache(caches[0]);
    QVERIFY(activationCaches(*workspace_).empty() && pieceFiles(workspace_->folder()).empty());
}

void TestActivations::a_cache_of_another_gpt_is_not_used() {
    auto config = smallTranscoder("g", 20);
    config.cache = ActivationSource::Disk;
    prepare(config, "a");
    const fs::path mine = pieceFiles(workspace_->folder()).front();
    const GptWeights<float> other = randomGpt<float>(shape(), 70, 0.2);
    const auto theirs = prepareActivations(*workspace_, config, "b", other, tokens_, {}, {}, smallPiece);
    QCOMPARE(activationCaches(*workspace_).size(), size_t{2});
    QVERIFY(theirs.rows->row(0)[0] != prepare(config, "a").rows->row(0)[0]);
    for (const fs::path &file : pieceFiles(workspace_->folder()))
        if (file.parent_path() != mine.parent_path() && file.filename() == mine.filename())
            fs::copy_file(file, mine, fs::copy_options::overwrite_existing); // somebody mixes them up
    const auto mended = prepare(config, "a");
    QVERIFY2(mentions(mended.notice, "belongs to another GPT or corpus and was made anew"), mended.notice.c_str());
    QVERIFY(mended.rows->row(0)[0] != theirs.rows->row(0)[0]);
    const TokenCache corpus = TokenCache::fromTokens(randomTokens(2500, sampleVocab, 9), 2048, 900, sampleVocab);
    prepareActivations(*workspace_, config, "a", gpt_, corpus, {}, {}, smallPiece);
    QCOMPARE(activationCaches(*workspace_).size(), size_t{3});
}

void TestActivations::a_damaged_piece_is_made_anew_data() {
    QTest::addColumn<QString>("damage");
    for (const char *damage : {"cut short", "empty", "a changed byte", "missing", "no header"})
        QTest::newRow(damage) << damage;
}

void TestActivations::a_damaged_piece_is_made_anew() {
    QFETCH(QString, damage);
    auto config = smallTranscoder("g", 20);
    config.cache = ActivationSource::Disk;
    prepare(config);
    const auto files = pieceFiles(workspace_->folder());
    const auto before = states(files);
    const size_t size = before[3].first.size();
    if (damage == "cut short")
        fs::resize_file(files[3], size - 1000);
    else if (damage == "empty")
        fs::resize_file(files[3], 0);
    else if (damage == "a changed byte")
        overwrite(files[3], size - 5000, 1);
    else if (damage == "no header")
        overwrite(files[3], 3, 1);
    else
        fs::remove(files[3]);
    const auto mended = prepare(config);
    QCOMPARE(mended.notice.empty(), damage == "missing");
    QVERIFY2(damage == "missing" || mentions(mended.notice, "was made anew"), mended.notice.c_str());
    const auto after = states(files);
    for (size_t i = 0; i < files.size(); ++i) // the same bytes again; nothing else was touched
        QVERIFY(after[i].first == before[i].first && (i == 3 || after[i].second == before[i].second));
}

void TestActivations::caches_used_longest_ago_make_room() {
    auto config = smallTranscoder("g", 20); // 163,840 bytes and headers
    config.cache = ActivationSource::Disk;
    config.cacheDisk = 400'000 / 1e9;
    const auto start = fs::file_time_type::clock::now() - std::chrono::hours(1);
    int used = 0;
    for (const char *sha256 : {"a", "b", "a", "c"}) { // b is the oldest when c needs room
        prepare(config, sha256);
        fs::last_write_time(activationCaches(*workspace_).front().folder / "header.json",
                            start + std::chrono::minutes(++used));
    }
    QCOMPARE(activationCaches(*workspace_).size(), size_t{2});
    config.cacheDisk = 1;
    const auto files = pieceFiles(workspace_->folder());
    const auto before = states(files);
    prepare(config, "a");
    prepare(config, "c");
    QVERIFY(states(files) == before && pieceFiles(workspace_->folder()).size() == 20); // neither was made anew
    prepare(config, "b");
    QVERIFY(states(files) == before && pieceFiles(workspace_->folder()).size() == 30);
}

QTEST_GUILESS_MAIN(TestActivations)
#include "test_activations.moc"
