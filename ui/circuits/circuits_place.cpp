#include "ui/circuits/circuits_place.h"

#include "ui/circuits/busy_veil.h"
#include "ui/circuits/graph_foot.h"
#include "ui/circuits/graph_key.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/node_panel.h"
#include "ui/circuits/trace_bar.h"
#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace tt {

CircuitsPlace::CircuitsPlace(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    pages_ = new QStackedWidget(this);
    layout->addWidget(pages_);
    noTranscoder_ = new EmptyState(this);
    noTranscoder_->setContent(QStringLiteral("circuits"), tr("No transcoder yet"),
                              tr("A graph is drawn in a transcoder's features. Train one on a GPT first."),
                              tr("Train a transcoder"));
    connect(noTranscoder_, &EmptyState::primaryRequested, this, &CircuitsPlace::goToTrain);
    pages_->addWidget(noTranscoder_);
    pages_->addWidget(makeContent());
    connectGraph();
    updatePages();
}

QWidget *CircuitsPlace::makeContent() {
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(bar_ = new TraceBar(content));
    layout->addWidget(horizontalLine(content));
    layout->addWidget(message_ = new MessageBar(content));
    layout->addWidget(staleNotice_ = makeStaleNotice());
    body_ = new QStackedWidget(content);
    setGround(body_, &Theme::panel);
    layout->addWidget(body_, 1);
    noGraph_ = new EmptyState(body_);
    body_->addWidget(noGraph_);
    splitter_ = new QSplitter(Qt::Horizontal, body_);
    splitter_->setObjectName(QStringLiteral("circuitsSplitter"));
    splitter_->setChildrenCollapsible(false);
    splitter_->addWidget(makeGraphPane());
    splitter_->addWidget(panel_ = new NodePanel(splitter_));
    splitter_->setStretchFactor(0, 1);
    splitter_->setStretchFactor(1, 0);
    splitter_->setSizes({scaled(848), scaled(336)});
    panel_->setMinimumWidth(scaled(260));
    body_->addWidget(splitter_);
    stale_ = new StaleVeil(body_);
    veil_ = new BusyVeil(body_, tr("A lower node threshold draws sooner."));
    return content;
}

QWidget *CircuitsPlace::makeStaleNotice() {
    auto *notice = new QWidget(this);
    setGround(notice, &Theme::warningGround);
    auto *layout = new QHBoxLayout(notice);
    layout->setContentsMargins(scaled(16), scaled(4), scaled(16), scaled(4));
    layout->setSpacing(scaled(8));
    auto *sign = new QLabel(notice);
    sign->setPixmap(iconPixmap(QStringLiteral("warning"), Ink::Warning, scaled(16), devicePixelRatioF()));
    auto *text = new QLabel(tr("Traced for another prompt"), notice);
    setInk(text, Ink::Warning);
    auto *again = new QPushButton(tr("Trace again"), notice);
    again->setAccessibleName(tr("Trace again"));
    again->setToolTip(tr("Traces the prompt that is typed now"));
    connect(again, &QPushButton::clicked, this, &CircuitsPlace::trace);
    layout->addWidget(sign);
    layout->addWidget(text);
    layout->addStretch(1);
    layout->addWidget(again);
    notice->hide();
    return notice;
}

QWidget *CircuitsPlace::makeGraphPane() {
    auto *pane = new QWidget(this);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(key_ = new GraphKey(pane));
    layout->addWidget(horizontalLine(pane));
    layout->addWidget(view_ = new GraphView(pane), 1);
    layout->addWidget(horizontalLine(pane));
    layout->addWidget(foot_ = new GraphFoot(pane));
    return pane;
}

void CircuitsPlace::connectGraph() {
    connect(bar_, &TraceBar::traceRequested, this, &CircuitsPlace::trace);
    connect(bar_, &TraceBar::verifyRequested, this, &CircuitsPlace::verifyRequested);
    connect(bar_, &TraceBar::exportRequested, this, &CircuitsPlace::exportGraph);
    connect(noGraph_, &EmptyState::primaryRequested, this, &CircuitsPlace::trace);
    connect(veil_, &BusyVeil::stopRequested, this, &CircuitsPlace::stopRequested);
    connect(message_, &MessageBar::actionRequested, this, &CircuitsPlace::messageAction);
    connect(key_, &GraphKey::kindToggled, view_, &GraphView::setKindVisible);
    connect(foot_, &GraphFoot::settingsChanged, this, &CircuitsPlace::settingsChanged);
    connect(foot_, &GraphFoot::zoomRequested, view_, &GraphView::zoomBy);
    connect(foot_, &GraphFoot::fitRequested, view_, &GraphView::fit);
    connect(view_, &GraphView::zoomChanged, foot_, &GraphFoot::setZoom);
    connect(view_, &GraphView::graphChanged, this, [this] { panel_->setGraph(view_->graph(), view_->index()); });
    connect(view_, &GraphView::nodeSelected, panel_, &NodePanel::showNode);
    connect(panel_, &NodePanel::nodeChosen, view_, [this](int node) { view_->showNode(node); });
    connect(view_, &GraphView::nodeActivated, this, [this](int node) {
        const Node &at = view_->graph().nodes[static_cast<size_t>(node)].node;
        if (at.kind == NodeKind::Feature)
            Q_EMIT nodeActivated(at.layer, at.id, at.position);
    });
    auto *verifyKey = new QShortcut(Qt::Key_V, view_, nullptr, nullptr, Qt::WidgetShortcut);
    connect(verifyKey, &QShortcut::activated, this, [this] {
        if (hasGraph_ && !veil_->isBusy())
            Q_EMIT verifyRequested();
    });
}

void CircuitsPlace::updatePages() {
    pages_->setCurrentIndex(hasTranscoder_ ? 1 : 0);
    body_->setCurrentIndex(hasGraph_ ? 1 : 0);
    if (prompt_.tokens.empty())
        noGraph_->setContent(
            QStringLiteral("circuits"), tr("No prompt yet"),
            tr("Type the beginning of a story above. Its graph shows what makes the next token likely."));
    else
        noGraph_->setContent(QStringLiteral("circuits"), tr("Not traced yet"),
                             tr("The graph shows which tokens and features make the next token likely."),
                             tr("Trace this prompt"));
}

void CircuitsPlace::setPromptFeatures(const PromptFeatures &features) {
    prompt_ = features;
    bar_->setPromptFeatures(features);
    updatePages();
}

void CircuitsPlace::setGraph(const TracedGraph &traced) {
    hasGraph_ = true;
    setBusy(false);
    setStale(false);
    updatePages();
    view_->setGraph(traced);
    key_->setGraph(view_->graph());
    bar_->setScores(view_->graph().scores);
    bar_->setVerification(std::nullopt);
}

void CircuitsPlace::setVerification(const Verification &verification) {
    bar_->setVerification(verification);
}

void CircuitsPlace::setBusy(bool busy, const QString &what) {
    bar_->setBusy(busy);
    if (busy)
        veil_->start(what);
    else
        veil_->finish();
}

void CircuitsPlace::setStale(bool stale) {
    staleNotice_->setVisible(stale && hasGraph_);
    stale_->setVisible(stale && hasGraph_);
}

void CircuitsPlace::setHasTranscoder(bool has) {
    hasTranscoder_ = has;
    updatePages();
}

void CircuitsPlace::showMessage(const Message &message) {
    message_->setMessage(message);
}

void CircuitsPlace::traceFeature(int layer, int position, int feature) {
    bar_->chooseFeature(layer, position, feature);
    trace();
}

const TraceSettings &CircuitsPlace::settings() const {
    settings_.targets = bar_->targets();
    settings_.prune = foot_->settings();
    return settings_;
}

QString CircuitsPlace::commandLine() const {
    const PruneSettings prune = foot_->settings();
    return QStringLiteral("tinytranscoder-cli graph trace --name %1 --prompt %2 --target %3 --node-threshold %4 "
                          "--edge-threshold %5 --out graph.svg")
        .arg(shellWord(QString::fromStdString(prompt_.transcoder)), shellWord(QString::fromStdString(prompt_.prompt)),
             bar_->targetWord(), QString::number(prune.nodeThreshold), QString::number(prune.edgeThreshold));
}

void CircuitsPlace::trace() {
    if (hasTranscoder_ && !prompt_.tokens.empty())
        Q_EMIT traceRequested(settings());
}

void CircuitsPlace::exportGraph() {
    if (!hasGraph_)
        return;
    const QStringList filters{tr("SVG picture (*.svg)"), tr("Graphviz source (*.dot)"), tr("Edges as CSV (*.csv)"),
                              tr("Graph as JSON (*.json)")};
    QString filter = filters.front();
    QString file = QFileDialog::getSaveFileName(this, tr("Export the graph"), QStringLiteral("graph.svg"),
                                                filters.join(QStringLiteral(";;")), &filter);
    if (file.isEmpty())
        return;
    if (QFileInfo(file).suffix().isEmpty())
        file += filter.section(u'*', 1).chopped(1);
    Q_EMIT exportRequested(file);
}

} // namespace tt
