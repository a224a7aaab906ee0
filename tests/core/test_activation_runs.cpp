// Training runs and the activations they learn from: where they were, stopped, on a full disk, refused.
#include "core/train/transcoder_training.h"
#include "small_activations.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>

#include <csignal>
#include <limits>

using namespace tt;
using namespace tt::test;
namespace fs = std::filesystem;

namespace {

/// No file this process writes may be larger, as on a disk that is full.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileSizeLimit(const FileSizeLimit &) = delete;
    FileSizeLimit &operator=(const FileSizeLimit &) = delete;

private:
    rlimit before_{};
};

} // namespace

class TestActivationRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void a_run_says_where_its_activations_were();
    void a_stop_while_caching_keeps_what_was_cached();
    void a_full_disk_leaves_a_run_to_resume();
    void what_does_not_fit_is_refused_before_work_starts();
    void weights_that_are_not_finite_are_refused();

private:
    std::string weightsOf(const std::string &name) const {
        return readFile(workspace_->transcoder(name) / "layer_1.safetensors");
    }
    const TokenCache tokens_ = smallTokens();
    std::unique_ptr<QTemporaryDir> folder_;
    std::optional<Workspace> workspace_;
};

void TestActivationRuns::init() {
    folder_ = std::make_unique<QTemporaryDir>();
    workspace_ = Workspace::openOrCreate(fs::path(folder_->path().toStdString()) / "w");
    GptTrainingConfig config;
    config.model = shape();
    config.batch = 8;
    config.steps = 5;
    config.threads = 1;
    trainGpt(*workspace_, "g", config, tokens_, {}, {});
}

void TestActivationRuns::a_run_says_where_its_activations_were() {
    for (const auto source : {ActivationSource::Memory, ActivationSource::Disk, ActivationSource::Recompute}) {
        auto config = smallTranscoder("g", 6);
        config.cache = source;
        const std::string name = toString(source);
        const auto result = trainTranscoder(*workspace_, name, config, tokens_, {}, {});
        QVERIFY(result.activations.source == source && result.activations.bytes > 0 && result.notice.empty());
        QVERIFY(readTranscoderRun(*workspace_, name).config.cache == source);
    }
    auto config = smallTranscoder("g", 6);
    const auto automatic = trainTranscoder(*workspace_, "auto", config, tokens_, {}, {});
    QVERIFY(automatic.activations.source == ActivationSource::Disk); // there already
    QVERIFY(readTranscoderRun(*workspace_, "auto").config.cache == ActivationSource::Disk);
    QVERIFY(weightsOf("auto") == weightsOf("disk") && weightsOf("disk") == weightsOf("memory"));
    QVERIFY(weightsOf("disk") != weightsOf("recompute"));
    QVERIFY(activationCaches(*workspace_).front().current);
}

void TestActivationRuns::a_stop_while_caching_keeps_what_was_cached() {
    auto config = smallTranscoder("g", 6);
    config.cache = ActivationSource::Disk;
    trainTranscoder(*workspace_, "whole", config, tokens_, {}, {});
    removeActivationCache(activationCaches(*workspace_).front());
    std::stop_source source;
    const auto stopped = trainTranscoder(*workspace_, "parts", config, tokens_, source.get_token(), {},
                                         [&](const Progress &) { source.request_stop(); });
    QVERIFY(stopped.stopped && stopped.steps == 0 && readTranscoderRun(*workspace_, "parts").step == 0);
    QCOMPARE(resumeTranscoder(*workspace_, "parts", tokens_, {}, {}).steps, int64_t{6});
    QVERIFY(weightsOf("parts") == weightsOf("whole"));
}

void TestActivationRuns::a_full_disk_leaves_a_run_to_resume() {
    const TokenCache many = TokenCache::fromTokens(randomTokens(5000, sampleVocab, 8), 4500, 900, sampleVocab);
    auto config = smallTranscoder("g", 150);
    config.cache = ActivationSource::Disk; // 4496 rows of 256 bytes: one piece of 1.1 MB
    std::pair<std::string, Error::Kind> error;
    {
        const FileSizeLimit limit(800'000); // the checkpoint still fits
        error = errorOf([&] { trainTranscoder(*workspace_, "t", config, many, {}, {}); });
    }
    QVERIFY2(mentions(error.first, "Writing failed") && mentions(error.first, "resume the run"), error.first.c_str());
    QVERIFY(error.second == Error::Kind::Failure && readTranscoderRun(*workspace_, "t").step == 0);
    QVERIFY(pieceFiles(workspace_->folder()).empty()); // nothing half-written is left
    QCOMPARE(resumeTranscoder(*workspace_, "t", many, {}, {}).steps, int64_t{150});
    QCOMPARE(pieceFiles(workspace_->folder()).size(), size_t{1});
}

void TestActivationRuns::what_does_not_fit_is_refused_before_work_starts() {
    auto config = smallTranscoder("g", 6);
    for (const auto source : {ActivationSource::Memory, ActivationSource::Disk}) {
        config.cache = source;
        config.cacheMemory = config.cacheDisk = 1e-6;
        const auto [text, kind] = errorOf([&] { trainTranscoder(*workspace_, "t", config, tokens_, {}, {}); });
        QVERIFY2(mentions(text, "Raise cache_" + toString(source)), text.c_str());
        QVERIFY(kind == Error::Kind::Usage && !fs::exists(workspace_->transcoder("t")));
    }
    QVERIFY(pieceFiles(workspace_->folder()).empty());
    config.cache = ActivationSource::Auto;
    QVERIFY(trainTranscoder(*workspace_, "t", config, tokens_, {}, {}).activations.source ==
            ActivationSource::Recompute);
}

void TestActivationRuns::weights_that_are_not_finite_are_refused() {
    GptWeights<float> gpt = loadGpt(workspace_->gpt("g"));
    gpt.blocks[1].mlpOut[7] = std::numeric_limits<float>::quiet_NaN();
    saveGptWeights(workspace_->gpt("g") / "model.safetensors", gpt);
    const auto [text, kind] =
        errorOf([&] { trainTranscoder(*workspace_, "t", smallTranscoder("g", 6), tokens_, {}, {}); });
    QVERIFY2(mentions(text, "model.safetensors") && mentions(text, "blocks.1.mlp.out.weight"), text.c_str());
    QVERIFY(!fs::exists(workspace_->transcoder("t")) && !fs::exists(workspace_->folder() / "activations"));

    GptWeights<float> huge = smallGpt(); // finite, but what it computes is not
    std::fill(huge.blocks[1].mlpOut.begin(), huge.blocks[1].mlpOut.end(), 3e38f);
    auto config = smallTranscoder("g", 6);
    config.cache = ActivationSource::Disk;
    const auto overflow =
        errorOf([&] { prepareActivations(*workspace_, config, "h", huge, tokens_, {}, {}, smallPiece); });
    QVERIFY2(mentions(overflow.first, "not finite"), overflow.first.c_str());
    QVERIFY(pieceFiles(workspace_->folder()).empty());
}

QTEST_GUILESS_MAIN(TestActivationRuns)
#include "test_activation_runs.moc"
