#pragma once

#include "core/circuits/prompt_trace.h"
#include "ui/circuits/graph_annotator.h"
#include "ui/circuits/graph_command.h"
#include "ui/circuits/graph_requests.h"
#include "ui/values.h"

#include <QWidget>

class QLabel;
class QSplitter;
class QStackedWidget;
class QTabWidget;

namespace tt {

class AttentionDialog;
class BusyVeil;
class CardPanel;
class GraphComparePanel;
class EmptyState;
class GraphFoot;
class GraphKey;
class GraphView;
class GroupsPanel;
class MessageBar;
class NodePanel;
class NoticeRow;
class PathsPanel;
class StaleVeil;
class TraceBar;
class VerifyPanel;

/// The place Circuits: choose a target, trace, read the attribution graph, annotate, verify and export it.
class CircuitsPlace : public QWidget {
    Q_OBJECT
public:
    explicit CircuitsPlace(QWidget *parent = nullptr);

    void setPromptFeatures(const PromptFeatures &features); ///< the prompt now typed: fills Target
    /// Ends busy and stale. A graph of another prompt or model ends what was verified and annotated.
    void setGraph(const TracedGraph &traced);
    void setVerification(const Verification &verification);
    void setBusy(bool busy, const QString &what = QString());
    void setArranging();             ///< other thresholds or annotations are on their way
    void setStale(bool stale);       ///< the graph shown belongs to another prompt, model or target
    void setReadOnly(bool readOnly); ///< the workspace is: no graph can be saved
    void setTranscoders(const std::vector<WorkspaceSummary::TranscoderRow> &transcoders);
    void showMessage(const Message &message);
    void showNodePanel(); ///< of the tabs at the side
    /// Makes a feature the target and asks for its trace.
    void traceFeature(int layer, int position, int feature);

    void chooseTarget(const QString &text, const QString &word, const Targets &targets);
    /// Of a saved graph, before it is traced again.
    void restore(const GraphAnnotations &annotations, const PruneSettings &settings, const QString &targetWord,
                 const Targets &targets);
    void forgetAnnotations(); ///< another prompt is traced
    void setSavedGraphs(const QStringList &names);

    /// Answers to what was asked for.
    void setSplit(const SplitRequest &request, const EdgeSplit &split);
    void showPattern(const PatternRequest &request, const std::vector<float> &pattern);
    void setPaths(const std::vector<GreedyPath> &paths);
    void setProposals(const std::vector<Supernode> &proposals);
    void setCompared(const ComparedGraph &compared);

    /// As shown in the controls: what the next trace will use.
    [[nodiscard]] TraceSettings settings() const;
    [[nodiscard]] const GraphAnnotations &annotations() const { return annotator_.annotations(); }
    [[nodiscard]] QUndoStack *undoStack() { return annotator_.undoStack(); }
    [[nodiscard]] QString commandLine() const;
    [[nodiscard]] GraphView *view() const { return view_; }

public Q_SLOTS:
    void trace();       ///< the place's primary action
    void exportGraph(); ///< asks for a file name
    void execute(tt::GraphCommand command);

Q_SIGNALS:
    void traceRequested(const tt::TraceSettings &settings);
    /// The same trace under other thresholds or annotations; `anew`: in a new layout.
    void arrangementChanged(const tt::PruneSettings &settings, bool anew);
    void verifyRequested();
    void exportRequested(const tt::ExportRequest &request);
    void stopRequested();
    void splitRequested(const tt::SplitRequest &request);
    void patternRequested(const tt::PatternRequest &request);
    void pathsRequested(const tt::PathsRequest &request);
    void proposalsRequested();
    void interveneRequested(const std::vector<tt::Node> &features); ///< one, or a supernode's members
    void transcoderWanted(const QString &name);                     ///< to trace the same prompt with
    void said(const QString &text);                                 ///< for the status line
    void targetTyped(const QString &text);
    void saveRequested(const QString &name);
    void openRequested(const QString &name);
    void compareRequested(const tt::CompareRequest &request);
    void goToTrain();
    void nodeActivated(int layer, int feature, int position);
    void messageAction(const QString &action); ///< Message::action of the button pressed

private:
    QWidget *makeContent();
    QWidget *makeGraphs();
    QWidget *makeOtherPane();
    QWidget *makeSide();
    void connectGraph();
    void connectSide();
    void updatePages();
    void showNotices();
    [[nodiscard]] QString perLayerTranscoder() const;
    [[nodiscard]] GraphAnnotator::Nodes selectedNodes() const;
    [[nodiscard]] QString defaultGroupName(const GraphAnnotator::Nodes &nodes) const;
    void askForGroup(const GraphAnnotator::Nodes &nodes);
    void askForName();
    void askForTarget();
    void askForSaving();
    void executeOnNode(GraphCommand command, const GraphNode &node);
    void selectVerified(const Node &source, const Node &target);

    bool hasGraph_ = false;
    PromptFeatures prompt_;
    std::vector<WorkspaceSummary::TranscoderRow> transcoders_;
    GraphAnnotator annotator_;
    QStackedWidget *pages_, *body_;
    EmptyState *noTranscoder_, *noGraph_;
    TraceBar *bar_;
    MessageBar *message_;
    NoticeRow *staleNotice_, *crossNotice_;
    QSplitter *splitter_, *graphs_; ///< graphs_: one beside the other
    GraphKey *key_;
    GraphView *view_;
    GraphFoot *foot_;
    QTabWidget *tabs_;
    NodePanel *panel_;
    CardPanel *card_;
    PathsPanel *paths_;
    GroupsPanel *groups_;
    VerifyPanel *verify_;
    GraphComparePanel *compare_;
    QWidget *otherPane_; ///< the second graph, under its name
    QLabel *otherName_;
    GraphView *other_;
    AttentionDialog *attention_ = nullptr;
    BusyVeil *veil_;
    StaleVeil *stale_;
};

} // namespace tt
