#include "ui/circuits/circuits_place.h"

#include "core/circuits/graph_export.h"
#include "ui/circuits/attention_view.h"
#include "ui/circuits/busy_veil.h"
#include "ui/circuits/card_panel.h"
#include "ui/circuits/graph_compare_panel.h"
#include "ui/circuits/graph_foot.h"
#include "ui/circuits/graph_key.h"
#include "ui/circuits/graph_view.h"
#include "ui/circuits/groups_panel.h"
#include "ui/circuits/node_panel.h"
#include "ui/circuits/notice_row.h"
#include "ui/circuits/paths_panel.h"
#include "ui/circuits/trace_bar.h"
#include "ui/circuits/verify_panel.h"
#include "ui/figures/elided_text.h"
#include "ui/figures/stale_veil.h"
#include "ui/figures/words.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <tuple>

namespace tt {

CircuitsPlace::CircuitsPlace(QWidget *parent) : QWidget(parent) {
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(message_ = new MessageBar(this)); // also where there is no transcoder yet
    pages_ = new QStackedWidget(this);
    layout->addWidget(pages_, 1);
    noTranscoder_ = new EmptyState(this);
    noTranscoder_->setContent(QStringLiteral("circuits"), tr("No transcoder yet"),
                              tr("A graph is drawn in a transcoder's features. Train one on a GPT first."),
                              tr("Train a transcoder"));
    connect(noTranscoder_, &EmptyState::primaryRequested, this, &CircuitsPlace::goToTrain);
    pages_->addWidget(noTranscoder_);
    pages_->addWidget(makeContent());
    connectGraph();
    connectSide();
    updatePages();
}

QWidget *CircuitsPlace::makeContent() {
    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(bar_ = new TraceBar(content));
    layout->addWidget(horizontalLine(content));
    staleNotice_ = new NoticeRow(tr("Traced for another prompt or transcoder"), tr("Trace again"), content);
    layout->addWidget(staleNotice_);
    crossNotice_ = new NoticeRow(
        tr("A cross-layer feature writes to many layers at once: a path of several steps can look like one."),
        tr("Show the per-layer graph"), content);
    layout->addWidget(crossNotice_);
    body_ = new QStackedWidget(content);
    setGround(body_, &Theme::panel);
    layout->addWidget(body_, 1);
    noGraph_ = new EmptyState(body_);
    body_->addWidget(noGraph_);
    splitter_ = new QSplitter(Qt::Horizontal, body_);
    splitter_->setObjectName(QStringLiteral("circuitsSplitter"));
    splitter_->setChildrenCollapsible(false);
    splitter_->addWidget(makeGraphs());
    splitter_->addWidget(makeSide());
    splitter_->setStretchFactor(0, 1);
    splitter_->setStretchFactor(1, 0);
    splitter_->setSizes({scaled(848), scaled(336)});
    body_->addWidget(splitter_);
    stale_ = new StaleVeil(body_);
    veil_ = new BusyVeil(body_, tr("A lower node threshold draws sooner."));
    return content;
}

/// Key and foot are of both graphs of a comparison: so wide as they are, each graph has half of the room.
QWidget *CircuitsPlace::makeGraphs() {
    auto *pane = new QWidget(this);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(key_ = new GraphKey(pane));
    layout->addWidget(horizontalLine(pane));
    graphs_ = new QSplitter(Qt::Horizontal, pane);
    graphs_->setChildrenCollapsible(false);
    graphs_->addWidget(view_ = new GraphView(graphs_));
    graphs_->addWidget(otherPane_ = makeOtherPane());
    layout->addWidget(graphs_, 1);
    layout->addWidget(horizontalLine(pane));
    layout->addWidget(foot_ = new GraphFoot(pane));
    return pane;
}

/// The second graph of a comparison, beside the first; hidden until there is one.
QWidget *CircuitsPlace::makeOtherPane() {
    auto *pane = new QWidget(this);
    auto *layout = new QVBoxLayout(pane);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(scaled(12), scaled(4), scaled(8), scaled(4));
    otherName_ = new ElidedText(pane);
    head->addWidget(otherName_, 1);
    auto *close = new QPushButton(tr("Close comparison"), pane);
    close->setAccessibleName(close->text());
    close->setToolTip(tr("Shows one graph again"));
    head->addWidget(close);
    layout->addLayout(head);
    layout->addWidget(horizontalLine(pane));
    layout->addWidget(other_ = new GraphView(pane), 1);
    other_->setAccessibleName(tr("Second attribution graph"));
    connect(close, &QPushButton::clicked, pane, &QWidget::hide);
    pane->hide();
    return pane;
}

QWidget *CircuitsPlace::makeSide() {
    tabs_ = new QTabWidget(this);
    tabs_->setAccessibleName(tr("Details"));
    tabs_->setDocumentMode(true);
    tabs_->setMinimumWidth(scaled(320));
    const auto add = [this](QWidget *panel, const QString &name, const QString &toolTip) {
        tabs_->setTabToolTip(tabs_->addTab(panel, name), toolTip);
    };
    add(panel_ = new NodePanel(tabs_), tr("Node"), tr("Inputs and outputs of the selected node"));
    add(card_ = new CardPanel(tabs_), tr("Card"), tr("What is known of the selected feature"));
    add(paths_ = new PathsPanel(tabs_), tr("Paths"), tr("The strongest paths from cause to target, head by head"));
    add(groups_ = new GroupsPanel(tabs_), tr("Groups"), tr("Nodes drawn together, and the pinned subgraph's scores"));
    add(verify_ = new VerifyPanel(tabs_), tr("Check"), tr("Whether the graph's numbers hold"));
    add(compare_ = new GraphComparePanel(tabs_), tr("Compare"),
        tr("The same prompt with another transcoder, or another prompt"));
    setDense(tabs_->tabBar());
    tabs_->setUsesScrollButtons(true);
    return tabs_;
}

void CircuitsPlace::connectGraph() {
    connect(bar_, &TraceBar::traceRequested, this, &CircuitsPlace::trace);
    connect(bar_, &TraceBar::verifyRequested, this, &CircuitsPlace::verifyRequested);
    connect(bar_, &TraceBar::exportRequested, this, &CircuitsPlace::exportGraph);
    connect(bar_, &TraceBar::targetEntryRequested, this, &CircuitsPlace::askForTarget);
    connect(bar_, &TraceBar::saveRequested, this, &CircuitsPlace::askForSaving);
    connect(bar_, &TraceBar::openRequested, this, &CircuitsPlace::openRequested);
    connect(bar_, &TraceBar::badgeClicked, this, [this] { tabs_->setCurrentWidget(verify_); });
    connect(noGraph_, &EmptyState::primaryRequested, this, &CircuitsPlace::trace);
    connect(staleNotice_, &NoticeRow::actionRequested, this, &CircuitsPlace::trace);
    connect(crossNotice_, &NoticeRow::actionRequested, this, [this] { Q_EMIT transcoderWanted(perLayerTranscoder()); });
    connect(veil_, &BusyVeil::stopRequested, this, &CircuitsPlace::stopRequested);
    connect(message_, &MessageBar::actionRequested, this, [this](const QString &action) {
        message_->clear();
        Q_EMIT messageAction(action);
    });
    connect(key_, &GraphKey::kindToggled, view_, &GraphView::setKindVisible);
    connect(foot_, &GraphFoot::settingsChanged, this,
            [this](const PruneSettings &settings) { Q_EMIT arrangementChanged(settings, false); });
    connect(foot_, &GraphFoot::zoomRequested, view_, &GraphView::zoomBy);
    connect(foot_, &GraphFoot::fitRequested, view_, &GraphView::fit);
    connect(&annotator_, &GraphAnnotator::changed, this,
            [this] { Q_EMIT arrangementChanged(foot_->settings(), false); });
    connect(view_, &GraphView::zoomChanged, foot_, &GraphFoot::setZoom);
    connect(view_, &GraphView::commandGiven, this, &CircuitsPlace::execute);
    connect(view_, &GraphView::nodeActivated, this, [this] { execute(GraphCommand::OpenCard); });
    connect(view_, &GraphView::groupDropped, this, [this](const std::vector<int> &nodes) {
        GraphAnnotator::Nodes dropped;
        for (const int node : nodes)
            dropped.push_back(view_->graph().nodes[static_cast<size_t>(node)]);
        askForGroup(dropped);
    });
    auto *verifyKey = new QShortcut(Qt::Key_V, view_, nullptr, nullptr, Qt::WidgetShortcut);
    connect(verifyKey, &QShortcut::activated, this, [this] {
        if (hasGraph_ && !veil_->isBusy())
            Q_EMIT verifyRequested();
    });
}

void CircuitsPlace::connectSide() {
    connect(view_, &GraphView::graphChanged, this, [this] {
        panel_->setGraph(view_->graph(), view_->index());
        compare_->setGraph(view_->graph());
        paths_->setGraph(view_->traced());
        groups_->setGraph(view_->graph(), view_->traced().annotations);
    });
    connect(view_, &GraphView::nodeSelected, this, [this](std::optional<int> node) {
        panel_->showNode(node);
        card_->setNode(node ? std::optional(view_->graph().nodes[static_cast<size_t>(*node)]) : std::nullopt);
    });
    connect(card_, &CardPanel::openRequested, this, [this] { execute(GraphCommand::OpenCard); });
    connect(view_, &GraphView::edgeSelected, this, [this](int edge) {
        panel_->showEdge(edge);
        tabs_->setCurrentWidget(panel_);
    });
    const auto show = [this](int node) { view_->showNode(node); };
    connect(panel_, &NodePanel::nodeChosen, view_, show);
    connect(panel_, &NodePanel::commandGiven, this, &CircuitsPlace::execute);
    connect(panel_, &NodePanel::splitRequested, this, &CircuitsPlace::splitRequested);
    connect(panel_, &NodePanel::patternRequested, this, &CircuitsPlace::patternRequested);
    connect(paths_, &PathsPanel::pathsRequested, this, &CircuitsPlace::pathsRequested);
    connect(paths_, &PathsPanel::pathChosen, view_, &GraphView::lightPath);
    connect(groups_, &GroupsPanel::proposalsRequested, this, &CircuitsPlace::proposalsRequested);
    connect(groups_, &GroupsPanel::nodeChosen, view_, show);
    connect(groups_, &GroupsPanel::membersPointed, view_, &GraphView::lightPath);
    connect(groups_, &GroupsPanel::proposalAccepted, this,
            [this](const Supernode &proposal) { annotator_.group(proposal); });
    connect(groups_, &GroupsPanel::ungroupRequested, this, [this](int group) { annotator_.ungroup(group); });
    connect(groups_, &GroupsPanel::showHiddenRequested, &annotator_, &GraphAnnotator::showHidden);
    connect(verify_, &VerifyPanel::edgeChosen, this, &CircuitsPlace::selectVerified);
    connect(compare_, &GraphComparePanel::compareRequested, this, &CircuitsPlace::compareRequested);
    connect(compare_, &GraphComparePanel::edgeChosen, this, [this](const AlignedEdge &edge) {
        for (const auto &[view, source, target] :
             {std::tuple(view_, edge.source, edge.target), std::tuple(other_, edge.otherSource, edge.otherTarget)})
            view->lightEdge(nodeId(source), nodeId(target));
    });
}

void CircuitsPlace::updatePages() {
    pages_->setCurrentIndex(transcoders_.empty() ? 0 : 1);
    body_->setCurrentIndex(hasGraph_ ? 1 : 0);
    staleNotice_->action()->setEnabled(!prompt_.tokens.empty());
    staleNotice_->action()->setToolTip(prompt_.tokens.empty() ? tr("Type a prompt first.")
                                                              : tr("Traces the prompt that is typed now"));
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
    card_->setPromptFeatures(features);
    panel_->setPromptFeatures(features);
    updatePages();
}

void CircuitsPlace::setGraph(const TracedGraph &traced) {
    hasGraph_ = true;
    setBusy(false);
    setStale(false);
    updatePages();
    const AttributionGraph &before = view_->graph();
    const bool same = before.prompt == traced.graph.prompt &&
                      before.transcoderSha256 == traced.graph.transcoderSha256 &&
                      view_->traced().target == traced.target;
    if (!same) {
        otherPane_->hide();
        compare_->clear();
    }
    view_->setGraph(traced);
    key_->setGraph(view_->graph());
    bar_->setScores(view_->graph().scores);
    verify_->setResidual(view_->graph().maxResidual);
    if (!same) {
        bar_->setVerification(std::nullopt);
        verify_->setVerification(std::nullopt);
    }
    showNotices();
}

void CircuitsPlace::showNotices() {
    const QString other = perLayerTranscoder();
    crossNotice_->setVisible(hasGraph_ && view_->graph().crossLayer);
    crossNotice_->action()->setEnabled(!other.isEmpty());
    crossNotice_->action()->setToolTip(other.isEmpty()
                                           ? tr("Train a per-layer transcoder on the same GPT to compare with")
                                           : tr("Traces the same prompt with %1").arg(other));
}

QString CircuitsPlace::perLayerTranscoder() const {
    const std::string &gpt = view_->graph().gpt;
    for (const auto &row : transcoders_)
        if (row.config.kind == TranscoderKind::PerLayer && row.config.gptRun == gpt)
            return row.name;
    return {};
}

void CircuitsPlace::setVerification(const Verification &verification) {
    bar_->setVerification(verification);
    verify_->setVerification(verification);
}

void CircuitsPlace::setBusy(bool busy, const QString &what) {
    bar_->setBusy(busy);
    if (busy)
        veil_->start(what);
    else
        veil_->finish();
}

void CircuitsPlace::setArranging() {
    veil_->start(tr("Laying out the graph"));
}

void CircuitsPlace::setStale(bool stale) {
    staleNotice_->setVisible(stale && hasGraph_);
    stale_->setVisible(stale && hasGraph_);
}

void CircuitsPlace::setReadOnly(bool readOnly) {
    bar_->setReadOnly(readOnly);
}

void CircuitsPlace::setTranscoders(const std::vector<WorkspaceSummary::TranscoderRow> &transcoders) {
    transcoders_ = transcoders;
    QStringList names;
    for (const auto &row : transcoders)
        names << row.name;
    compare_->setTranscoders(names);
    updatePages();
    showNotices();
}

void CircuitsPlace::showMessage(const Message &message) {
    message_->setMessage(message);
}

void CircuitsPlace::showNodePanel() {
    tabs_->setCurrentWidget(panel_);
}

void CircuitsPlace::traceFeature(int layer, int position, int feature) {
    bar_->chooseFeature(layer, position, feature);
    trace();
}

void CircuitsPlace::setSplit(const SplitRequest &request, const EdgeSplit &split) {
    panel_->setSplit(request, split);
}

void CircuitsPlace::showPattern(const PatternRequest &request, const std::vector<float> &pattern) {
    if (attention_ == nullptr)
        attention_ = new AttentionDialog(this);
    attention_->showPattern(request, view_->graph().tokens, pattern);
}

void CircuitsPlace::setPaths(const std::vector<GreedyPath> &paths) {
    paths_->setPaths(paths);
}

void CircuitsPlace::setProposals(const std::vector<Supernode> &proposals) {
    groups_->setProposals(proposals);
    if (proposals.empty())
        Q_EMIT said(tr("No features with like inputs and outputs were found"));
}

void CircuitsPlace::chooseTarget(const QString &text, const QString &word, const Targets &targets) {
    bar_->chooseTarget(text, word, targets);
}

void CircuitsPlace::restore(const GraphAnnotations &annotations, const PruneSettings &settings,
                            const QString &targetWord, const Targets &targets) {
    annotator_.reset(annotations);
    foot_->setSettings(settings);
    bar_->chooseTarget(targetWord, targetWord, targets);
}

void CircuitsPlace::forgetAnnotations() {
    annotator_.reset({});
}

void CircuitsPlace::setSavedGraphs(const QStringList &names) {
    bar_->setSavedGraphs(names);
}

void CircuitsPlace::setCompared(const ComparedGraph &compared) {
    const AttributionGraph &graph = compared.graph.graph;
    otherName_->setText(
        tr("%1, “%2”").arg(QString::fromStdString(graph.transcoder), QString::fromStdString(graph.prompt)));
    if (otherPane_->isHidden()) {
        otherPane_->show();
        graphs_->setSizes({graphs_->width() / 2, graphs_->width() / 2});
    }
    other_->setGraph(compared.graph);
    for (GraphView *view : {view_, other_})
        QTimer::singleShot(0, view, &GraphView::fit); // once the panes have their sizes
    compare_->setCompared(compared);
    tabs_->setCurrentWidget(compare_);
}

TraceSettings CircuitsPlace::settings() const {
    return {bar_->targets(), foot_->settings()};
}

QString CircuitsPlace::commandLine() const {
    const PruneSettings prune = foot_->settings();
    return QStringLiteral("tinytranscoder-cli graph trace --name %1 --prompt %2 --target %3 --node-threshold %4 "
                          "--edge-threshold %5 --out graph.svg")
        .arg(shellWord(QString::fromStdString(prompt_.transcoder)), shellWord(QString::fromStdString(prompt_.prompt)),
             bar_->targetWord(), QString::number(prune.nodeThreshold), QString::number(prune.edgeThreshold));
}

void CircuitsPlace::trace() {
    if (!transcoders_.empty() && !prompt_.tokens.empty())
        Q_EMIT traceRequested(settings());
}

} // namespace tt
