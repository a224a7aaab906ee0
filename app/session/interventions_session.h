#pragma once

#include "app/session/requests.h"
#include "core/circuits/intervention_list.h"
#include "core/features/demonstration.h"
#include "core/io/workspace.h"
#include "ui/interventions/texts_pane.h"

#include <QObject>
#include <QTimer>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace tt {

class MainWindow;

/// Answers what the place Interventions asks: bars while a slider moves, effects of every feature, texts,
/// demonstrations; keeps the rows of each transcoder in the workspace's folder interventions.
class InterventionsSession : public QObject {
    Q_OBJECT
public:
    explicit InterventionsSession(MainWindow &window, QObject *parent = nullptr);
    ~InterventionsSession() override; ///< saves rows that are not saved yet

    /// What everything after this is computed with; its rows are read and shown.
    void setModel(std::shared_ptr<const ExplainedModel> model, const Workspace *workspace);

Q_SIGNALS:
    void promptWanted(const QString &prompt);
    void failed(); ///< and said so

private:
    enum Kind { Evaluate, Effects, Demonstrate, BeforeText, AfterText, Read, Export, Kinds };
    void connectPlace();
    void evaluate(const QString &prompt, const InterventionRequest &request);
    void evaluateNext();
    void measure(const QString &prompt, std::optional<int32_t> target);
    void write(Kind kind, const QString &prompt, const std::vector<Intervention> &rows, const SamplingConfig &sampling,
               quint64 seed);
    void textEnded();
    void stopTexts();
    void demonstrate(const Demonstration &demonstration);
    void readList();
    void save();
    void fail(int kind, const QString &why);

    MainWindow &window_;
    std::shared_ptr<const ExplainedModel> model_;
    std::optional<Workspace> workspace_;
    std::optional<std::pair<QString, InterventionRequest>> next_; ///< asked while another is evaluated
    bool evaluating_ = false;
    int textsRunning_ = 0;
    bool listRead_ = false; ///< of the present model: may be written
    std::map<std::filesystem::path, InterventionList> unsaved_;
    QTimer saving_;
    Requests requests_;
    Worker saver_; ///< last: ends before what it uses
};

} // namespace tt
