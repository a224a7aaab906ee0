// Hours with the program: the real window trains a GPT and a transcoder while a scripted user clicks through every
// place. Fails, in words, where memory grows after the first ten minutes or a frame comes late.
//
//   tt_soak [--minutes 20] [--workspace DIR] [--seed N]
//
// DIR is a workspace with a trained GPT and transcoder, and is written to; without one a small one is made first.
#include "soak/frame_watch.h"
#include "soak/scripted_user.h"

#include "app/session/session.h"
#include "core/features/explained_model.h"
#include "core/features/feature_index_build.h"
#include "core/features/indexed_corpus.h"
#include "core/text/tokenizer.h"
#include "ui/theme.h"
#include "ui/train/train_place.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QThread>

#include <clocale>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <numeric>
#include <unistd.h>

using namespace tt;

namespace {

constexpr double lateFrame = 100;        // milliseconds
constexpr double memoryTolerance = 0.02; // of what was used after the start
constexpr double startMinutes = 10;      // in which memory may grow
constexpr int sampleSeconds = 5;

/// Times every event that the application hands out; one that runs a loop of its own (a menu, a dialog) does not count.
class TimedApplication : public QApplication {
public:
    using QApplication::QApplication;
    FrameWatch *watch = nullptr;

    bool notify(QObject *receiver, QEvent *event) override {
        if (QThread::currentThread() != thread())
            return QApplication::notify(receiver, event);
        const char *name = receiver->metaObject()->className(); // afterwards it may be gone
        const int depth = ++depth_, type = event->type();
        nested_ = depth == 1 ? false : nested_ || QThread::currentThread()->loopLevel() > 1;
        QElapsedTimer timer;
        timer.start();
        const bool result = QApplication::notify(receiver, event);
        --depth_;
        if (watch && depth == 1 && !nested_)
            watch->take(name, type, static_cast<double>(timer.nsecsElapsed()) / 1e6);
        return result;
    }

private:
    int depth_ = 0;
    bool nested_ = false;
};

double residentMegabytes() {
    std::ifstream status("/proc/self/statm");
    double size = 0, resident = 0;
    status >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

/// Enough to look at, in a minute: what matters is how long it is looked at.
void makeWorkspace(const std::string &folder) {
    std::printf("Making a workspace …\n");
    std::fflush(stdout);
    const Workspace workspace = Workspace::openOrCreate(folder);
    generateCorpus(workspace, "stories", 8000, 1, {}, {});
    trainTokenizer(workspace.corpusText("stories"), 1024, {}, {}).save(workspace.tokenizer("bpe"));
    const TokenCache tokens = TokenCache::openOrBuild(workspace, "stories", "bpe", {}, {});
    GptTrainingConfig gpt = GptTrainingConfig::fromPreset("tiny");
    gpt.model = {
        .vocabSize = 1024, .dModel = 96, .heads = 4, .headSize = 24, .layers = 2, .context = 64, .tokenizer = "bpe"};
    gpt.corpus = "stories";
    gpt.steps = 250;
    gpt.batch = 32;
    trainGpt(workspace, "gpt", gpt, tokens, {}, {});
    trainTranscoder(workspace, "plt",
                    {.gptRun = "gpt", .corpus = "stories", .features = 1024, .steps = 250, .batch = 2048}, tokens, {},
                    {});
    const auto model = loadExplainedModel(workspace, "plt", {});
    const IndexedCorpus corpus = indexedCorpus(workspace, *model, "stories", {}, {});
    buildFeatureIndex(model->gpt, model->transcoder, corpus.tokens, corpus.identity, corpus.file, {}, {});
}

/// Starts a training of each kind again whenever one has ended.
class Trainings : public QObject {
public:
    Trainings(MainWindow &window, Session &session, const Workspace &workspace)
        : window_(window), session_(session), workspace_(workspace), gpt_(workspace.pickGpt("")),
          transcoder_(workspace.pickTranscoder("")) {
        timer_.setInterval(2000);
        connect(&timer_, &QTimer::timeout, this, [this] { keepGoing(); });
        timer_.start();
    }
    [[nodiscard]] int started() const { return started_; }

private:
    void keepGoing() {
        bool gpt = false, transcoder = false;
        for (const RunRow &row : session_.runs().active())
            (row.kind == RunRow::Kind::Gpt ? gpt : transcoder) = true;
        if (!gpt) {
            GptTrainingConfig config = readGptRun(workspace_, gpt_).config;
            config.steps = 100'000;
            config.checkpointEvery = 200;
            config.threads = 1;
            Q_EMIT window_.trainPlace().startGptRequested(name("gpt"), config);
        }
        if (!transcoder) {
            TranscoderTrainingConfig config = readTranscoderRun(workspace_, transcoder_).config;
            config.steps = 100'000;
            config.cache = ActivationSource::Recompute; // activations in memory would hide what grows beside them
            config.threads = 1;
            Q_EMIT window_.trainPlace().startTranscoderRequested(name("transcoder"), config);
        }
    }
    QString name(const char *kind) { return QString("soak-%1-%2").arg(kind).arg(++started_); }

    MainWindow &window_;
    Session &session_;
    Workspace workspace_;
    std::string gpt_, transcoder_;
    QTimer timer_;
    int started_ = 0;
};

/// Resident memory every five seconds; flat is within 2 % of the minute after the start, a minute at a time.
class MemoryWatch : public QObject {
public:
    explicit MemoryWatch(double minutes) : start_(std::min(startMinutes, minutes / 2)) {
        since_.start();
        timer_.setInterval(sampleSeconds * 1000);
        connect(&timer_, &QTimer::timeout, this, [this] { sample(); });
        timer_.start();
    }
    /// Megabytes, a mean for each whole minute.
    [[nodiscard]] const std::vector<double> &minutes() const { return minutes_; }
    [[nodiscard]] double start() const { return start_; }

private:
    void sample() {
        sum_ += residentMegabytes();
        if (++samples_ < 60 / sampleSeconds)
            return;
        minutes_.push_back(sum_ / samples_);
        std::printf("minute %zu: %.1f MB, of which the heap has handed out %.1f MB\n", minutes_.size(), minutes_.back(),
                    static_cast<double>(::mallinfo2().uordblks + ::mallinfo2().hblkhd) / 1e6);
        std::fflush(stdout);
        sum_ = 0;
        samples_ = 0;
    }
    double start_, sum_ = 0;
    int samples_ = 0;
    QElapsedTimer since_;
    QTimer timer_;
    std::vector<double> minutes_;
};

bool reportMemory(const MemoryWatch &memory) {
    const auto first = static_cast<size_t>(std::ceil(memory.start()));
    const std::vector<double> &minutes = memory.minutes();
    if (minutes.size() < first + 2) {
        std::printf("Memory: too short to judge; it was %.1f MB at the end.\n", residentMegabytes());
        return true;
    }
    const double reference = minutes[first];
    double low = reference, high = reference;
    for (size_t i = first; i < minutes.size(); ++i) {
        low = std::min(low, minutes[i]);
        high = std::max(high, minutes[i]);
    }
    const bool flat = high <= reference * (1 + memoryTolerance) && low >= reference * (1 - memoryTolerance);
    std::printf("Memory: %.1f MB in minute %zu; from then on %.1f to %.1f MB (%+.1f %% to %+.1f %%)%s\n", reference,
                first + 1, low, high, 100 * (low / reference - 1), 100 * (high / reference - 1),
                flat ? "." : ". FAILED: it may move by 2 % at most.");
    return flat;
}

bool reportFrames(const FrameWatch &frames) {
    const qint64 late = frames.over(lateFrame);
    std::printf("Frames: %lld; half came within %.0f ms, 99 %% within %.0f ms, 99.9 %% within %.0f ms; %lld later than "
                "%.0f ms%s\n",
                static_cast<long long>(frames.frames()), frames.quantile(0.5), frames.quantile(0.99),
                frames.quantile(0.999), static_cast<long long>(late), lateFrame,
                late == 0 ? "." : ". FAILED: none may.");
    for (const FrameWatch::Gap &gap : frames.longest())
        std::printf("  %6.1f ms, %6.1f ms of them computed, at %5.1f s; longest event: %s; after: %s\n",
                    gap.milliseconds, gap.computed, static_cast<double>(gap.at) / 1000, qPrintable(gap.event),
                    qPrintable(gap.doing));
    return late == 0;
}

} // namespace

int main(int argc, char **argv) {
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    TimedApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");
    QStandardPaths::setTestModeEnabled(true);
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addOption({"minutes", "How long.", "N", "20"});
    parser.addOption({"workspace", "A trained workspace, which is written to; without, a small one is made.", "DIR"});
    parser.addOption({"seed", "Of the user's choices.", "N", "1"});
    parser.process(application);
    const double minutes = parser.value("minutes").toDouble();

    QTemporaryDir own;
    const QString folder = parser.isSet("workspace") ? parser.value("workspace") : own.filePath("workspace");
    if (!parser.isSet("workspace"))
        makeWorkspace(folder.toStdString());

    applyTheme(application);
    MainWindow window;
    Session session(window);
    window.resize(1280, 800);
    window.show();
    session.open(folder);
    FrameWatch frames;
    ScriptedUser user(window, parser.value("seed").toULongLong());
    user.setListener([&](const QString &what) { frames.setDoing(what); });
    MemoryWatch memory(minutes);
    Trainings trainings(window, session, Workspace::open(folder.toStdString()));
    QTimer::singleShot(5000, &window, [&] { // the window is open and shows its first graph
        application.watch = &frames;
        frames.begin();
        user.start();
    });
    QTimer::singleShot(static_cast<int>(minutes * 60'000), &window, [&] {
        application.watch = nullptr;
        user.stop();
        QApplication::exit();
    });
    QApplication::exec();

    std::printf("%lld actions in %.1f minutes; %d trainings begun; visits:", static_cast<long long>(user.actions()),
                minutes, trainings.started());
    for (const auto &[place, times] : user.visits())
        std::printf(" place %d: %lld", place + 1, static_cast<long long>(times));
    std::printf("\n");
    const bool flat = reportMemory(memory), smooth = reportFrames(frames);
    // Three actions a second is what a busy machine leaves of five; fewer, and the user was stuck somewhere.
    const bool busy = static_cast<double>(user.actions()) >= 3 * 60 * minutes * 0.8;
    if (!busy)
        std::printf("FAILED: so few actions are no user: something kept the window from answering.\n");
    return flat && smooth && busy ? 0 : 1;
}
