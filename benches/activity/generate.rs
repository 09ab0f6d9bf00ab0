//! Logs as CloudTrail delivers them: records of 1 to 2 KB with all their fields, of 200 roles and 30 kinds of call on some thousands of
//! resources, 2,000 to a file, compressed by gzip.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The role that a policy is made for.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/app-7";
const ROLES: u64 = 200;
const OF_A_FILE: u64 = 2000;

/// What was generated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made {
    pub files: u64,
    pub events: u64,
    /// Events of [`ROLE`].
    pub of_role: u64,
    /// Decompressed.
    pub bytes: u64,
    pub compressed: u64,
}

const SUMMARY: &str = "summary.txt";

/// Writes about as much, or finds it written by an earlier run.
pub fn logs(folder: &Path, megabytes: u64) -> Made {
    let summary = folder.with_extension(format!("{megabytes}.{SUMMARY}"));
    let numbers = fs::read_to_string(&summary).unwrap_or_default();
    let numbers: Vec<u64> = numbers.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    if let [files, events, of_role, bytes, compressed] = numbers[..] {
        return Made { files, events, of_role, bytes, compressed };
    }
    fs::create_dir_all(folder).expect("a folder");
    let (next, written) = (AtomicU64::new(0), AtomicU64::new(0));
    let made = Mutex::new(Made::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let mut text = String::new();
                while written.load(Ordering::Relaxed) < megabytes * 1_000_000 {
                    let file = next.fetch_add(1, Ordering::Relaxed);
                    text.clear();
                    text.push_str("{\"Records\":[");
                    let mut of_role = 0;
                    for number in file * OF_A_FILE..(file + 1) * OF_A_FILE {
                        if number % OF_A_FILE > 0 {
                            text.push(',');
                        }
                        of_role += u64::from(record(number, &mut text) == 7);
                    }
                    text.push_str("]}");
                    let path =
                        folder.join(format!("111122223333_CloudTrail_eu-west-1_20260926T1205Z_{file:08}.json.gz"));
                    let mut out = GzEncoder::new(File::create(&path).expect("a file"), Compression::new(6));
                    out.write_all(text.as_bytes()).and_then(|()| out.try_finish()).expect("written");
                    let compressed = fs::metadata(&path).expect("a file").len();
                    written.fetch_add(text.len() as u64, Ordering::Relaxed);
                    let mut made = made.lock().expect("no panic");
                    made.files += 1;
                    made.events += OF_A_FILE;
                    made.of_role += of_role;
                    made.bytes += text.len() as u64;
                    made.compressed += compressed;
                }
            });
        }
    });
    let made = made.into_inner().expect("no panic");
    let Made { files, events, of_role, bytes, compressed } = made;
    fs::write(&summary, format!("{files} {events} {of_role} {bytes} {compressed}\n")).expect("written");
    made
}

/// The same number for the same event, spread evenly.
fn spread(number: u64, salt: u64) -> u64 {
    let mut x = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 32;
    x = x.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^ (x >> 32)
}

/// Event source, event name, request parameters with `#` for a number, whether it is a data event.
const CALLS: &[(&str, &str, &str, bool)] = &[
    (
        "s3",
        "GetObject",
        r#"{"bucketName":"data-lake-#","Host":"data-lake-#.s3.eu-west-1.amazonaws.com","key":"raw/2026/09/26/part-#.parquet"}"#,
        true,
    ),
    (
        "s3",
        "PutObject",
        r#"{"bucketName":"data-lake-#","Host":"data-lake-#.s3.eu-west-1.amazonaws.com","key":"out/part-#.parquet"}"#,
        true,
    ),
    ("s3", "ListObjectsV2", r#"{"bucketName":"data-lake-#","list-type":"2","prefix":"raw/","delimiter":"/"}"#, true),
    (
        "sqs",
        "SendMessage",
        r#"{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/orders-#","messageBody":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
        true,
    ),
    (
        "sqs",
        "ReceiveMessage",
        r#"{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/orders-#","maxNumberOfMessages":10}"#,
        true,
    ),
    ("dynamodb", "GetItem", r#"{"tableName":"orders-#","key":{"id":"HIDDEN_DUE_TO_SECURITY_REASONS"}}"#, true),
    ("dynamodb", "DescribeTable", r#"{"tableName":"orders-#"}"#, false),
    (
        "kms",
        "Decrypt",
        r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::data-lake-#"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#,
        false,
    ),
    (
        "kms",
        "GenerateDataKey",
        r#"{"keyId":"arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-00000000000#","keySpec":"AES_256"}"#,
        false,
    ),
    (
        "sts",
        "AssumeRole",
        r#"{"roleArn":"arn:aws:iam::111122223333:role/worker-#","roleSessionName":"i-0123456789abcdef0","durationSeconds":3600}"#,
        false,
    ),
    (
        "ec2",
        "DescribeInstances",
        r#"{"instancesSet":{},"filterSet":{"items":[{"name":"tag:Name","valueSet":{"items":[{"value":"web-#"}]}}]}}"#,
        false,
    ),
    (
        "ec2",
        "RunInstances",
        r#"{"instancesSet":{"items":[{"imageId":"ami-0123456789abcdef0","minCount":1,"maxCount":1}]},"instanceType":"m7g.large","subnetId":"subnet-0123456789abcdef0"}"#,
        false,
    ),
    ("lambda", "GetFunction20150331v2", r#"{"functionName":"worker-#"}"#, false),
    ("lambda", "Invoke", r#"{"functionName":"worker-#","invocationType":"Event"}"#, true),
    (
        "logs",
        "CreateLogStream",
        r#"{"logGroupName":"/aws/lambda/worker-#","logStreamName":"2026/09/26/[$LATEST]#"}"#,
        false,
    ),
    ("secretsmanager", "GetSecretValue", r#"{"secretId":"app/db-#"}"#, false),
    ("ssm", "GetParameter", r#"{"name":"/app/config-#","withDecryption":true}"#, false),
    ("ecs", "DescribeServices", r#"{"cluster":"main","services":["worker-#"]}"#, false),
    ("monitoring", "DescribeAlarms", r#"{"alarmNames":["queue-#"]}"#, false),
    ("iam", "GetRole", r#"{"roleName":"worker-#"}"#, false),
];

/// Adds a record; the number of its role.
fn record(number: u64, out: &mut String) -> u64 {
    use std::fmt::Write as _;
    let role = spread(number, 1) % ROLES;
    let (source, event, parameters, data) = CALLS[(spread(number, 2) % CALLS.len() as u64) as usize];
    let resource = spread(number, 3) % 9;
    let parameters = parameters.replace('#', &resource.to_string());
    let id = spread(number, 4);
    let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
    let error = if spread(number, 5).is_multiple_of(50) {
        r#""errorCode":"AccessDenied","errorMessage":"User is not authorized to perform this operation because no identity-based policy allows it","#
    } else {
        ""
    };
    let resources = match source {
        "s3" => format!(
            r#""resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::data-lake-{resource}/raw/part-{resource}"}},{{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::data-lake-{resource}"}}],"#
        ),
        "kms" => format!(
            r#""resources":[{{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-00000000000{resource}"}}],"#
        ),
        _ => String::new(),
    };
    let category = if data { "Data" } else { "Management" };
    let _ = write!(
        out,
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE{role:09}:i-{id:017x}","arn":"arn:aws:sts::111122223333:assumed-role/app-{role}/i-{id:017x}","accountId":"111122223333","accessKeyId":"ASIA{id:016X}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE{role:09}","arn":"arn:aws:iam::111122223333:role/app-{role}","accountId":"111122223333","userName":"app-{role}"}},"attributes":{{"creationDate":"2026-09-26T{hour:02}:00:00Z","mfaAuthenticated":"false"}},"ec2RoleDelivery":"2.0"}}}},"eventTime":"2026-09-26T{hour:02}:{minute:02}:{second:02}Z","eventSource":"{source}.amazonaws.com","eventName":"{event}","awsRegion":"eu-west-1","sourceIPAddress":"10.{}.{}.{}","userAgent":"[aws-sdk-java/2.31.0 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.0 lang/java#21.0.2 md/OpenJDK_64-Bit_Server_VM#21.0.2+13-LTS md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_EC2]",{error}"requestParameters":{parameters},"responseElements":null,"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"{id:032x}{id:032x}","bytesTransferredOut":{}}},"requestID":"{id:08X}-{number:012X}","eventID":"{:08x}-0000-4000-8000-{number:012x}","readOnly":{},{resources}"eventType":"AwsApiCall","managementEvent":{},"recipientAccountId":"111122223333","eventCategory":"{category}","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{source}.eu-west-1.amazonaws.com"}}}}"#,
        id % 256,
        id / 256 % 256,
        id / 65536 % 256,
        id % 100_000,
        id % 0xFFFF_FFFF,
        !event.starts_with("Put"),
        !data,
    );
    role
}
