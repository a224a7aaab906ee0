#include "app/session/session.h"

#include "core/nn/device.h"
#include "ui/circuits/circuits_place.h"
#include "ui/data/data_place.h"
#include "ui/features/features_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/tour/tour.h"
#include "ui/train/train_place.h"

#include <QDir>

#include <algorithm>
#include <utility>

namespace tt {

namespace {
const QString firstPrompt = QStringLiteral("Once upon a");

Message errorMessage(const QString &title, const QString &why) {
    return {.kind = Message::Kind::Error, .title = title, .text = why};
}
} // namespace

Session::Session(MainWindow &window, QObject *parent) : QObject(parent), window_(window), circuits_(window) {
    connectData();
    connectAccess();
    connectPreview();
    connectDownloads();
    connectExchange();
    connectTraining();
    connectEstimates();
    connectRunActions();
    connectStories();
    connectPrompt();
    connectFeatures();
    connectStart();
    connectFrame();
    window_.setThreads(TrainingRuns::defaultThreads(), hardwareThreads());
    window_.setActiveRuns([this] { return runs_.active(); });
}

void Session::open(const QString &folder) {
    window_.setStatus(tr("Opening %1").arg(QDir::toNativeSeparators(folder)));
    data_.open(folder);
}

void Session::connectData() {
    DataPlace &place = window_.dataPlace();
    connect(&place, &DataPlace::generateRequested, this, [this](const QString &name, qint64 stories, quint64 seed) {
        if (hasWorkspace())
            data_.generate(*workspace_, name, stories, seed);
    });
    connect(&place, &DataPlace::importRequested, this, [this](const QStringList &files) {
        if (hasWorkspace())
            data_.import(*workspace_, files);
    });
    connect(&place, &DataPlace::trainTokenizerRequested, this, [this](const QString &corpus, int vocabulary) {
        if (hasWorkspace())
            data_.trainTokenizer(*workspace_, corpus, vocabulary);
    });
    connect(&place, &DataPlace::gpt2TokenizerRequested, this, [this](const QString &folder) {
        if (hasWorkspace())
            data_.takeGpt2Tokenizer(*workspace_, folder);
    });
    connect(&place, &DataPlace::cancelRequested, &data_, &DataJobs::cancel);

    connect(&data_, &DataJobs::jobChanged, &window_, &MainWindow::setJob);
    connect(&data_, &DataJobs::summaryRead, this, &Session::takeWorkspace);
    connect(&data_, &DataJobs::finished, this, [this](const Message &message) {
        window_.setStatus(message.title);
        if (!message.text.isEmpty())
            window_.showMessage(message, MainWindow::Place::Data);
        data_.refresh(*workspace_);
    });
    connect(&data_, &DataJobs::failed, this, [this](const QString &what, const QString &why) {
        window_.showMessage(errorMessage(tr("%1 failed").arg(what), why), MainWindow::Place::Data);
    });
    connect(&data_, &DataJobs::metricsRead, &window_.trainPlace(), &TrainPlace::setPoints);
    connect(&data_, &DataJobs::openFailed, this, [this](const QString &folder, const QString &why) {
        window_.showMessage(errorMessage(tr("%1 cannot be opened").arg(QDir::toNativeSeparators(folder)), why));
    });
    connect(&data_, &DataJobs::opened, this,
            [this](const std::shared_ptr<Workspace> &workspace, const WorkspaceSummary &summary,
                   const std::vector<RunRow> &runs) {
                workspace_ = std::make_unique<Workspace>(*workspace);
                circuits_.setWorkspace(*workspace);
                transcoder_.clear();
                transcoders_.clear();
                traceWhenRead_ = graphFile_.isEmpty();
                runs_.setWorkspace(*workspace, runs);
                downloads_.setWorkspace(*workspace);
                exchange_.setWorkspace(*workspace);
                estimates_.setWorkspace(*workspace);
                actions_.setWorkspace(*workspace);
                storyteller_.setWorkspace(*workspace);
                window_.promptBar().setPrompt(firstPrompt);
                window_.setStatus(tr("Opened %1").arg(QDir::toNativeSeparators(summary.folder)));
                showAccess(summary);
                takeWorkspace(summary);
                if (const QString file = std::exchange(graphFile_, {}); !file.isEmpty())
                    circuits_.openFile(file);
            });
}

/// Hands the workspace's contents on; opens its newest transcoder where none is open.
void Session::takeWorkspace(const WorkspaceSummary &summary) {
    preview_.forget();
    window_.setWorkspace(summary);
    transcoders_.clear();
    for (const auto &row : summary.transcoders)
        transcoders_.append(row.name);
    if (!transcoders_.contains(transcoder_))
        openTranscoder(transcoders_.value(0));
    window_.promptBar().setTranscoders(transcoders_, transcoder_);
}

void Session::openTranscoder(const QString &name) {
    transcoder_ = name;
    circuits_.setModel({});
    interventions_.setModel({}, nullptr);
    window_.featuresPlace().undoStack()->clear(); // of another transcoder's notes
    follow_->setTranscoder(name);
    explainer_.open(*workspace_, name.toStdString());
}

void Session::connectPrompt() {
    PromptBar &bar = window_.promptBar();
    connect(&bar, &PromptBar::promptEdited, this, &Session::editPrompt);
    connect(&bar, &PromptBar::transcoderChosen, this, &Session::openTranscoder);
    connect(&circuits_, &CircuitsSession::transcoderWanted, this, [this, &bar](const QString &name) {
        if (!transcoders_.contains(name))
            return window_.showMessage(
                errorMessage(tr("The transcoder %1 is not in this workspace").arg(name),
                             tr("The graph was traced with it. Trace the prompt with another one instead.")),
                MainWindow::Place::Circuits);
        traceWhenRead_ = !circuits_.reopens();
        bar.setTranscoders(transcoders_, name);
        openTranscoder(name);
    });
    connect(&circuits_, &CircuitsSession::promptWanted, this, &Session::editPrompt);
    connect(&explainer_, &Explainer::promptRead, this, &Session::takePrompt);
    connect(&interventions_, &InterventionsSession::promptWanted, this, [this, &bar](const QString &prompt) {
        bar.setPrompt(prompt);
        editPrompt(prompt);
    });
    connect(&explainer_, &Explainer::opened, this, [this](const QString &gpt, const QString &transcoder) {
        window_.setModelName(transcoder.isEmpty() ? QString() : tr("%1 · %2").arg(gpt, transcoder));
        circuits_.setModel(explainer_.model());
        interventions_.setModel(explainer_.model(), workspace_.get());
        if (!transcoder.isEmpty())
            editPrompt(window_.promptBar().prompt());
    });
    connect(&explainer_, &Explainer::failed, this,
            [this](const QString &why) { window_.showMessage(errorMessage(tr("That did not work"), why)); });
    connect(&explainer_, &Explainer::openFailed, this, [this](const QString &why) {
        window_.setModelName({});
        window_.showMessage(errorMessage(tr("%1 cannot be opened").arg(transcoder_), why), MainWindow::Place::Circuits);
    });
}

/// What is shown stays, greyed, until the answer is there.
void Session::editPrompt(const QString &prompt) {
    circuits_.promptEdited(prompt);
    explainer_.prompt(prompt);
}

void Session::takePrompt(const PromptFeatures &features) {
    window_.setPromptFeatures(features);
    if (!features.leftOut.empty())
        window_.setStatus(tr("The model reads the last %1 of %2 tokens")
                              .arg(features.tokens.size())
                              .arg(features.tokens.size() + features.leftOut.size()));
    // Unasked only where there is a graph to be had: a transcoder imported for viewing has none.
    if (std::exchange(traceWhenRead_, false) && !features.tokens.empty() && explainer_.model() &&
        explainer_.model()->transcoder.config.writesMlpOutput())
        window_.circuitsPlace().trace();
    if (!features.tokens.empty() && std::exchange(tourWhenRead_, false))
        window_.tour().start();
}

void Session::connectFrame() {
    connect(&window_, &MainWindow::stopAllRequested, this, [this] {
        runs_.stopAll();
        data_.cancel();
        downloads_.pauseAll();
        exchange_.cancel();
        preview_.cancelCount();
    });
    connect(&window_, &MainWindow::saveAndCloseRequested, this, &Session::saveAndClose);
}

void Session::saveAndClose() {
    closing_ = true;
    if (runs_.active().empty())
        window_.closeNow();
    else
        runs_.stopAll();
}

} // namespace tt
