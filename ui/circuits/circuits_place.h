#pragma once

#include "core/features/prompt_features.h"
#include "ui/values.h"

#include <QWidget>

class QSplitter;
class QStackedWidget;

namespace tt {

class BusyVeil;
class EmptyState;
class GraphFoot;
class GraphKey;
class GraphView;
class MessageBar;
class NodePanel;
class StaleVeil;
class TraceBar;

/// The place Circuits: choose a target, trace, read the attribution graph, verify and export it.
class CircuitsPlace : public QWidget {
    Q_OBJECT
public:
    explicit CircuitsPlace(QWidget *parent = nullptr);

    void setPromptFeatures(const PromptFeatures &features); ///< the prompt now typed: fills Target
    void setGraph(const TracedGraph &traced);               ///< ends busy and stale, forgets the verification
    void setVerification(const Verification &verification);
    void setBusy(bool busy, const QString &what = QString());
    void setStale(bool stale); ///< the graph shown belongs to another prompt, model or target
    void setHasTranscoder(bool has);
    void showMessage(const Message &message);
    /// Makes a feature the target and asks for its trace.
    void traceFeature(int layer, int position, int feature);

    /// As shown in the controls: what the next trace will use.
    [[nodiscard]] const TraceSettings &settings() const;
    [[nodiscard]] QString commandLine() const;
    [[nodiscard]] GraphView *view() const { return view_; }

public Q_SLOTS:
    void trace();       ///< the place's primary action
    void exportGraph(); ///< asks for a file name

Q_SIGNALS:
    void traceRequested(const tt::TraceSettings &settings);
    void settingsChanged(const tt::PruneSettings &settings); ///< a threshold slider came to rest
    void verifyRequested();
    void exportRequested(const QString &file);
    void stopRequested();
    void goToTrain();
    void nodeActivated(int layer, int feature, int position);
    void messageAction(const QString &action); ///< Message::action of the button pressed

private:
    QWidget *makeContent();
    QWidget *makeStaleNotice();
    QWidget *makeGraphPane();
    void connectGraph();
    void updatePages();

    bool hasTranscoder_ = false, hasGraph_ = false;
    PromptFeatures prompt_;
    mutable TraceSettings settings_;
    QStackedWidget *pages_, *body_;
    EmptyState *noTranscoder_, *noGraph_;
    TraceBar *bar_;
    MessageBar *message_;
    QWidget *staleNotice_;
    QSplitter *splitter_;
    GraphKey *key_;
    GraphView *view_;
    GraphFoot *foot_;
    NodePanel *panel_;
    BusyVeil *veil_;
    StaleVeil *stale_;
};

} // namespace tt
