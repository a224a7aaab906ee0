#pragma once

#include "ui/values.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace tt {

/// Stories, seed and name of a corpus to generate. Proposes a free name until one is typed.
class GenerateForm : public QWidget {
    Q_OBJECT
public:
    explicit GenerateForm(QWidget *parent = nullptr);

    void setTaken(const std::vector<std::string> &corpora);
    /// While a job runs nothing can be started; the reason stands beside the button.
    void setBusy(bool busy);
    void setReadOnly(bool readOnly);
    [[nodiscard]] QString name() const;
    [[nodiscard]] qint64 stories() const;
    [[nodiscard]] quint64 seed() const;
    /// Why it cannot start; empty if it can.
    [[nodiscard]] QString problem() const;
    [[nodiscard]] QPushButton *button() const { return start_; }

Q_SIGNALS:
    void generateRequested(const QString &name, qint64 stories, quint64 seed);
    void changed();

private:
    void build();
    void propose();
    void refresh();
    [[nodiscard]] QString nameProblem() const;

    QSpinBox *stories_, *seed_;
    QLineEdit *name_;
    QLabel *reason_;
    QPushButton *repair_, *start_;
    std::vector<std::string> taken_;
    bool busy_ = false, readOnly_ = false, nameTyped_ = false;
};

/// "generated-20k", "generated-1500", "generated-2m".
QString proposedCorpusName(qint64 stories);

} // namespace tt
