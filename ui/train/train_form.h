#pragma once

#include "core/error.h"
#include "ui/values.h"

#include <QStringList>
#include <QWidget>

#include <vector>

class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace tt {

class ParameterForm;
struct Parameter;

/// What the forms of the Train place share: title and name above, the parameters, below them why Start is off, a link
/// that repairs it, and Start.
class TrainForm : public QWidget {
    Q_OBJECT
public:
    [[nodiscard]] QString runName() const;
    /// Names that a new run cannot have.
    void setTakenNames(const QStringList &taken);
    [[nodiscard]] QPushButton *startButton() const { return start_; }
    /// The answer to estimateRequested() of the forms, which ask whenever what they say changes.
    void setEstimate(const EstimateState &estimate);
    /// Runs that train now, and the threads they compute on.
    void setOthers(int runs, int threads);
    void setReadOnly(bool readOnly); ///< nothing can start
    /// Asks for an estimate again, as after being shown.
    void checkAgain() { check(); }
    /// Height at which nothing of the form has to scroll.
    [[nodiscard]] int wantedHeight() const;

Q_SIGNALS:
    void goToData();
    void focused();      ///< the user went into this form
    void heightWanted(); ///< more or fewer fields show

protected:
    struct Titles {
        QString form, name, start, nameSuffix;
    };
    TrainForm(const Titles &titles, const std::vector<Parameter> &parameters, QWidget *parent);

    /// A labelled choice between title and name.
    QComboBox *addChoice(const QString &label);
    [[nodiscard]] ParameterForm &fields() const { return *fields_; }
    /// The name offered as long as the user has typed none of their own; made free of the taken ones.
    void proposeName(const QString &base);
    /// A free name like that of a run: as if the user had typed it.
    void proposeNameAfter(const QString &run);
    /// Nothing can start yet because something is missing from the workspace; an empty sentence: nothing is. `inData`:
    /// the Data place is where it is made.
    void setMissing(const QString &sentence, bool inData = true);
    /// Shows the problems with those of the name added; true if nothing is in the way of starting. `facts` stands below
    /// while nothing is estimated.
    bool showProblems(std::vector<Problem> problems, const QString &facts);
    bool eventFilter(QObject *watched, QEvent *event) override;
    void watchFocus();
    virtual void check() = 0;
    virtual void start() = 0;
    /// What a field holds before anybody types: the preset's value.
    [[nodiscard]] virtual QString usualText(const std::string &key) const = 0;

private:
    void addNameProblem(std::vector<Problem> &problems) const;
    void refreshName();
    void showFoot();
    void showRepair(const std::string &problem);
    void repair();

    EstimateState estimate_;
    int otherRuns_ = 0, otherThreads_ = 0;
    std::string repaired_;    ///< key of the field that the link sets right
    QString blocked_, facts_; ///< why Start is off; what the form says itself
    QString what_;            ///< "GPT", "transcoder"
    QString base_, missing_;
    QStringList taken_;
    bool nameTyped_ = false, missingInData_ = false, readOnly_ = false;
    QHBoxLayout *header_;
    QLineEdit *name_;
    QLabel *nameLabel_;
    ParameterForm *fields_;
    QLabel *note_;
    QPushButton *repair_, *start_;
};

} // namespace tt
