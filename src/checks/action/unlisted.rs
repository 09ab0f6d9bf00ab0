//! Actions and services that the service authorization reference does not list, or no longer lists, although current
//! AWS managed policies name them: internal ones and those of withdrawn services. They are no misspellings.
//!
//! Taken from the AWS managed policies of the embedded data; `tests/suite/managed_policies.rs` shows when more are due.

/// True for an action of this kind; case is ignored.
pub(super) fn is_unlisted_action(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    ACTIONS.binary_search(&action.as_str()).is_ok()
}

/// True for the prefix of a service of this kind; case is ignored.
pub(crate) fn is_unlisted_service(prefix: &str) -> bool {
    SERVICES.iter().any(|s| s.eq_ignore_ascii_case(prefix))
}

const SERVICES: &[&str] = &[
    "builderid",
    "datazonecontrol",
    "deepcomposer",
    "deeplens",
    "deepracer",
    "elastic-inference",
    "iot1click",
    "iotroborunner",
    "mobilehub",
    "sagemaker-groundtruth-synthetic",
    "zocalo",
];

/// In lower case, sorted.
const ACTIONS: &[&str] = &[
    "budgets:createbudget",
    "budgets:deletebudget",
    "budgets:describebudget",
    "budgets:describebudgets",
    "budgets:updatebudget",
    "cloud9:validateenvironmentname",
    "cloudhsm:createlunaclient",
    "cloudhsm:deletelunaclient",
    "cloudhsm:describehapg",
    "cloudhsm:describelunaclient",
    "cloudhsm:getconfig",
    "cloudhsm:modifyhapg",
    "cloudhsm:modifylunaclient",
    "memorydb:replicatemultiregionclusterdata",
    "organizations:createbuilderidownedaccount",
    "payments:accepttermsandconditionsforprogrambyaccountid",
    "payments:batchgetpaymentprofiles",
    "payments:createpaymentattempt",
    "payments:createpaymentprofile",
    "payments:get",
    "payments:getacceptedtermsandconditionsforprogrambyaccountid",
    "payments:getaccountbalance",
    "payments:getdefaultpaymentprofile",
    "payments:geteligiblecurrencies",
    "payments:getpaymentattempt",
    "payments:getpaymentpreferences",
    "payments:getpreferredcurrency",
    "payments:getrecommendedtermsandconditionsforprogram",
    "payments:listpaymentprofiles",
    "payments:searchfinancialrecords",
    "payments:setpreferredcurrency",
    "payments:updatepaymentprofile",
    "qapps:importdocumenttoqapp",
    "qapps:importdocumenttoqappsession",
    "route53-recovery-control-config:describeroutingcontrolbyname",
    "securityagent:batchgetagentinstances",
    "securityagent:batchgetsecuritytestcontentmetadata",
    "securityagent:batchgettasks",
    "securityagent:createdocumentreview",
    "securityagent:deletedocumentreview",
    "securityagent:getcodereviewtask",
    "securityagent:getdocreviewtask",
    "securityagent:getdocumentreview",
    "securityagent:getdocumentreviewartifact",
    "securityagent:listagentinstances",
    "securityagent:listcontrols",
    "securityagent:listdocumentreviewcomments",
    "securityagent:listdocumentreviews",
    "securityagent:listtasks",
    "securityagent:startpentestexecution",
    "securityagent:stoppentestexecution",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(ACTIONS.is_sorted());
        assert!(SERVICES.is_sorted());
        assert!(is_unlisted_action("Payments:UpdatePaymentProfile"));
        assert!(!is_unlisted_action("s3:GetObject"));
    }
}
