//! A member who runs OpenMLS.

use campana_core::mls::CONTEXT_EXTENSION;
use openmls::{
    prelude::{tls_codec::*, *},
    treesync::RatchetTreeIn,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519;

/// A device, and its group once it has one.
pub(crate) struct Other {
    pub(crate) provider: OpenMlsRustCrypto,
    pub(crate) signer: SignatureKeyPair,
    pub(crate) group: Option<MlsGroup>,
    name: Vec<u8>,
}

/// What a commit shall change; as in the module under test.
#[derive(Default)]
pub(crate) struct Change<'a> {
    pub(crate) add: &'a [Vec<u8>],
    pub(crate) remove: &'a [u32],
    pub(crate) context: Option<&'a [u8]>,
    pub(crate) path: bool,
}

/// A commit in the making: one Welcome for all.
pub(crate) struct Prepared {
    pub(crate) commit: Vec<u8>,
    pub(crate) welcome: Option<Vec<u8>>,
}

impl Other {
    pub(crate) fn new(name: &str) -> Self {
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm()).unwrap();
        signer.store(provider.storage()).unwrap();
        Self { provider, signer, group: None, name: name.as_bytes().to_vec() }
    }

    pub(crate) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.name.clone()).into(),
            signature_key: self.signer.to_public_vec().into(),
        }
    }

    pub(crate) fn create(&mut self, id: &[u8], context: &[u8]) {
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(SUITE)
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .capabilities(capabilities())
            .with_group_context_extensions(extensions(context))
            .build();
        let id = GroupId::from_slice(id);
        let credential = self.credential();
        let group = MlsGroup::new_with_group_id(&self.provider, &self.signer, &config, id, credential);
        self.group = Some(group.unwrap());
    }

    pub(crate) fn key_package(&self) -> Vec<u8> {
        let package = KeyPackage::builder()
            .leaf_node_capabilities(capabilities())
            .build(SUITE, &self.provider, &self.signer, self.credential())
            .unwrap();
        MlsMessageOut::from(package.into_key_package()).tls_serialize_detached().unwrap()
    }

    pub(crate) fn join(&mut self, welcome: &[u8], tree: &[u8]) {
        let MlsMessageBodyIn::Welcome(welcome) = message(welcome).extract() else { panic!("a Welcome") };
        let tree = RatchetTreeIn::tls_deserialize_exact(tree).unwrap();
        let joined = StagedWelcome::new_from_welcome(&self.provider, &join_config(), welcome, Some(tree));
        self.group = Some(joined.unwrap().into_group(&self.provider).unwrap());
    }

    pub(crate) fn group(&self) -> &MlsGroup {
        self.group.as_ref().unwrap()
    }

    pub(crate) fn say(&mut self, words: &[u8]) -> Vec<u8> {
        let group = self.group.as_mut().unwrap();
        group.create_message(&self.provider, &self.signer, words).unwrap().tls_serialize_detached().unwrap()
    }

    /// Sender and words.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> (u32, Vec<u8>) {
        let processed = self.process(bytes);
        let Sender::Member(sender) = processed.sender().clone() else { panic!("a member") };
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(words) => (sender.u32(), words.into_bytes()),
            _ => panic!("an application message"),
        }
    }

    pub(crate) fn prepare(&mut self, change: &Change<'_>) -> Prepared {
        let group = self.group.as_mut().unwrap();
        let packages: Vec<KeyPackage> = change
            .add
            .iter()
            .map(|bytes| match message(bytes).extract() {
                MlsMessageBodyIn::KeyPackage(package) => {
                    package.validate(self.provider.crypto(), ProtocolVersion::Mls10).unwrap()
                }
                _ => panic!("a key package"),
            })
            .collect();
        let mut builder = group
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(change.path)
            .propose_adds(packages)
            .propose_removals(change.remove.iter().map(|index| LeafNodeIndex::new(*index)));
        if let Some(context) = change.context {
            builder = builder.propose_group_context_extensions(extensions(context)).unwrap();
        }
        let bundle = builder
            .load_psks(self.provider.storage())
            .unwrap()
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)
            .unwrap()
            .stage_commit(&self.provider)
            .unwrap();
        let (commit, welcome, _) = bundle.into_messages();
        Prepared {
            commit: commit.tls_serialize_detached().unwrap(),
            welcome: welcome.map(|welcome| welcome.tls_serialize_detached().unwrap()),
        }
    }

    /// Takes the commit prepared before.
    pub(crate) fn take_own(&mut self) {
        self.group.as_mut().unwrap().merge_pending_commit(&self.provider).unwrap();
    }

    /// Takes somebody else's commit.
    pub(crate) fn take(&mut self, commit: &[u8]) {
        match self.process(commit).into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                self.group.as_mut().unwrap().merge_staged_commit(&self.provider, *staged).unwrap();
            }
            _ => panic!("a commit"),
        }
    }

    /// For newcomers.
    pub(crate) fn tree(&self) -> Vec<u8> {
        self.group().export_ratchet_tree().tls_serialize_detached().unwrap()
    }

    pub(crate) fn context(&self) -> Vec<u8> {
        self.group().extensions().unknown(CONTEXT_EXTENSION).unwrap().0.clone()
    }

    pub(crate) fn export(&self, label: &str, context: &[u8]) -> Vec<u8> {
        self.group().export_secret(self.provider.crypto(), label, context, 32).unwrap()
    }

    pub(crate) fn own_index(&self) -> u32 {
        self.group().own_leaf_index().u32()
    }

    fn process(&mut self, bytes: &[u8]) -> ProcessedMessage {
        let message = message(bytes).try_into_protocol_message().unwrap();
        self.group.as_mut().unwrap().process_message(&self.provider, message).unwrap()
    }
}

pub(crate) fn capabilities() -> Capabilities {
    let extensions = [ExtensionType::Unknown(CONTEXT_EXTENSION)];
    Capabilities::new(None, Some(&[SUITE]), Some(&extensions), None, None)
}

pub(crate) fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder().wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY).build()
}

pub(crate) fn extensions(context: &[u8]) -> Extensions<GroupContext> {
    let required = [ExtensionType::Unknown(CONTEXT_EXTENSION)];
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(RequiredCapabilitiesExtension::new(&required, &[], &[])),
        Extension::Unknown(CONTEXT_EXTENSION, UnknownExtension(context.to_vec())),
    ])
    .unwrap()
}

pub(crate) fn message(bytes: &[u8]) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact(bytes).unwrap()
}
